import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { buildRegistry, ofService } from '../kernel/registry.js';
import * as contracts from '../agent-runtime.js';

describe('agent-runtime contracts', () => {
  it('fit into one registry and belong to agent-runtime', () => {
    const registry = buildRegistry([contracts]);

    expect(ofService(registry, 'agent-runtime')).toEqual(registry);
    expect(registry.rpcs).toHaveLength(16);
  });

  it('can all be shown as JSON Schema', () => {
    const registry = buildRegistry([contracts]);

    for (const contract of registry.rpcs) {
      expect(() => z.toJSONSchema(contract.output)).not.toThrow();
      expect(() => z.toJSONSchema(contract.input, { io: 'input' })).not.toThrow();
    }
  });

  it('answers execute with 200 only when the run has ended', () => {
    const { status } = contracts.executeAgent.http ?? {};
    const statusOf = (run: string) => (typeof status === 'object' ? status.of({ status: run } as contracts.Run) : undefined);

    expect(['completed', 'failed', 'cancelled', 'timed_out'].map(statusOf)).toEqual([200, 200, 200, 200]);
    expect(['queued', 'running', 'awaiting_human'].map(statusOf)).toEqual([202, 202, 202]);
  });

  it('lets execute wait longer than the longest preferred wait', () => {
    expect(contracts.executeAgent.timeoutMs).toBeGreaterThan(contracts.maxWaitSeconds * 1000);
  });
});
