import { beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, type Rpc, type TenantCaller } from '@support101/contracts';
import { releaseUsage, reserveUsage } from '@support101/contracts/tenancy';
import type { CommandClient } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { VirtualClock } from '@support101/testing';
import { TenantsService } from './tenants.service.js';

const caller: TenantCaller = {
  tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1',
  principal: { type: 'key', id: 'k', roles: [] },
  correlationId: 'c',
};
const place = { limit: 'agents', holder: 'agt_1' } as const;
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('TenantsService.withPlace', () => {
  let asked: string[];
  let answers: Map<Rpc, Error>;
  let tenants: TenantsService;

  beforeEach(() => {
    asked = [];
    answers = new Map();
    const call = (contract: Rpc, input: { holder: string }) => {
      asked.push(`${contract.subject} ${input.holder}`);
      const error = answers.get(contract);
      return error === undefined ? Promise.resolve({}) : Promise.reject(error);
    };
    tenants = new TenantsService({ call } as unknown as CommandClient, new Clock(new VirtualClock()));
  });

  const make = (usePlace: () => void): Promise<string> => {
    usePlace();
    return Promise.resolve('made');
  };

  it('keeps the place of what is made', async () => {
    await expect(tenants.withPlace(place, caller, make)).resolves.toBe('made');

    expect(asked).toEqual(['tenancy.usage.reserve.v1 agt_1']);
  });

  it('gives the place back when nothing is made, or it comes to nothing', async () => {
    const fails = (usePlace: () => void): Promise<never> => {
      usePlace();
      return Promise.reject(new DomainError('agent_disabled'));
    };

    await tenants.withPlace(place, caller, () => Promise.resolve('made before'));
    await expect(tenants.withPlace(place, caller, fails)).rejects.toEqual(code('agent_disabled'));

    expect(asked.filter((line) => line.startsWith(releaseUsage.subject))).toHaveLength(2);
  });

  it('refuses where something would be made, and not before', async () => {
    answers.set(reserveUsage, new DomainError('limit_exceeded'));

    await expect(tenants.withPlace(place, caller, make)).rejects.toEqual(code('limit_exceeded'));
    await expect(tenants.withPlace(place, caller, () => Promise.resolve('made before'))).resolves.toBe('made before');

    expect(asked).toEqual(['tenancy.usage.reserve.v1 agt_1', 'tenancy.usage.reserve.v1 agt_1']);
  });

  it('takes a tenant that is gone for one that may not work', async () => {
    answers.set(reserveUsage, new DomainError('tenant_not_found'));

    await expect(tenants.withPlace(place, caller, make)).rejects.toEqual(code('tenant_inactive'));
  });

  it.each(['service_unavailable', 'deadline_exceeded'] as const)('goes on without when tenancy is away (%s)', async (away) => {
    answers.set(reserveUsage, new DomainError(away));

    await expect(tenants.withPlace(place, caller, make)).resolves.toBe('made');
  });

  it('says what came of it also when the place cannot be given back', async () => {
    answers.set(releaseUsage, new DomainError('service_unavailable'));

    await expect(tenants.withPlace(place, caller, () => Promise.resolve('made before'))).resolves.toBe('made before');
  });
});
