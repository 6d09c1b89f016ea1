import { beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, type TenantCaller } from '@support101/contracts';
import type { CommandClient } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { VirtualClock } from '@support101/testing';
import { TenantsService } from './tenants.service.js';

const caller: TenantCaller = {
  tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1',
  principal: { type: 'key', id: 'k', roles: [] },
  correlationId: 'c',
};
const code = (expected: string) => expect.objectContaining({ code: expected });

/** Tenancy, as far as this service asks it. */
class FakeTenancy {
  asked = 0;
  answer: { status: string; allowedBlueprints: readonly string[] } | DomainError = { status: 'active', allowedBlueprints: ['a'] };

  call(): Promise<unknown> {
    this.asked += 1;
    return this.answer instanceof DomainError ? Promise.reject(this.answer) : Promise.resolve(this.answer);
  }
}

describe('TenantsService', () => {
  let time: VirtualClock;
  let tenancy: FakeTenancy;
  let tenants: TenantsService;

  beforeEach(() => {
    time = new VirtualClock();
    tenancy = new FakeTenancy();
    tenants = new TenantsService(tenancy as unknown as CommandClient, new Clock(time));
  });

  it('asks once in five seconds, and again when told to forget', async () => {
    await tenants.requireActive(caller);
    await time.advance(4_000);
    await tenants.requireActive(caller);
    expect(tenancy.asked).toBe(1);

    tenants.forget(caller.tenantId);
    await tenants.requireActive(caller);
    expect(tenancy.asked).toBe(2);

    await time.advance(5_001);
    await tenants.requireActive(caller);
    expect(tenancy.asked).toBe(3);
  });

  it('asks once per question while tenancy is away', async () => {
    await tenants.requireActive(caller);
    tenancy.answer = new DomainError('service_unavailable');
    await time.advance(30_000);
    tenancy.asked = 0;

    await tenants.requireBlueprint(caller, 'a');

    expect(tenancy.asked).toBe(1);
  });

  it('refuses tenants that may not work, and blueprints they may not use', async () => {
    await expect(tenants.requireBlueprint(caller, 'a')).resolves.toBeUndefined();
    await expect(tenants.requireBlueprint(caller, 'b')).rejects.toEqual(code('blueprint_not_allowed'));

    tenants.forget(caller.tenantId);
    tenancy.answer = { status: 'suspended', allowedBlueprints: [] };

    await expect(tenants.requireBlueprint(caller, 'a')).rejects.toEqual(code('tenant_inactive'));
  });

  it('takes a tenant that is gone for one that may not work', async () => {
    tenancy.answer = new DomainError('tenant_not_found');

    await expect(tenants.requireActive(caller)).rejects.toEqual(code('tenant_inactive'));
  });

  it('goes on with what it knew while tenancy is away, for a minute', async () => {
    await tenants.requireActive(caller);
    tenancy.answer = new DomainError('service_unavailable');

    await time.advance(30_000);
    await expect(tenants.requireActive(caller)).resolves.toBeUndefined();
    await time.advance(31_000);
    await expect(tenants.requireActive(caller)).rejects.toEqual(code('service_unavailable'));
  });

  it('does not go on with what it knew when tenancy answers with an error of its own', async () => {
    await tenants.requireActive(caller);
    tenancy.answer = new DomainError('internal');
    await time.advance(10_000);

    await expect(tenants.requireActive(caller)).rejects.toEqual(code('internal'));
  });
});
