import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { buildRegistry, ofService } from '../kernel/registry.js';
import * as contracts from '../tenancy.js';

const registry = buildRegistry([contracts]);

describe('tenancy contracts', () => {
  it('fit into one registry and belong to tenancy', () => {
    expect(ofService(registry, 'tenancy')).toEqual(registry);
    expect(registry.rpcs).toHaveLength(19);
    expect(registry.events).toHaveLength(10);
  });

  it('can all be shown as JSON Schema', () => {
    for (const contract of registry.rpcs) {
      expect(() => z.toJSONSchema(contract.output)).not.toThrow();
      expect(() => z.toJSONSchema(contract.input, { io: 'input' })).not.toThrow();
    }
  });

  it('keep the secret out of every answer but those that make a key', () => {
    const holders = registry.rpcs.filter(({ output }) => output instanceof z.ZodObject && 'key' in output.shape);

    expect(holders).toEqual([contracts.createApiKey, contracts.rotateApiKey]);
  });

  it.each([{ maxAgents: -1 }, { maxAgents: 1.5 }, { maxAgents: Number.NaN }, { maxAgents: 1e12 }])(
    'refuse the limit %j',
    (limits) => {
      const input = { tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1', ...limits };

      expect(contracts.setTenantLimits.input.safeParse(input).success).toBe(false);
    },
  );
});
