import { describe, expect, it } from '@jest/globals';
import type { Caller } from '@support101/contracts';
import { TenantLimits, type TenantStatus, tenantStatuses, tenantTiers } from '@support101/contracts/tenancy';
import fc from 'fast-check';
import * as rules from './tenants.rules.js';

const status = fc.constantFrom(...tenantStatuses);
const tier = fc.constantFrom(...tenantTiers);
const steps = Object.keys(rules.transitions) as rules.Transition[];
const transition = fc.constantFrom(...steps);
const names = TenantLimits.keyof().options;
const own = fc.record(Object.fromEntries(names.map((name) => [name, fc.nat()])), {
  requiredKeys: [],
}) as fc.Arbitrary<rules.OwnLimits>;

/** The status after the step; undefined when it is refused. */
function attempt(step: rules.Transition, from: TenantStatus): TenantStatus | undefined {
  try {
    return rules.statusAfter(step, from);
  } catch {
    return undefined;
  }
}

describe('tier limits', () => {
  it.each([
    ['free', [2, 2, 10, 50, 1_000, 10]],
    ['starter', [5, 5, 30, 200, 5_000, 50]],
    ['professional', [20, 20, 100, 1_000, 50_000, 200]],
    ['enterprise', [100, 100, 1_000, 10_000, 500_000, 1_000]],
  ] as const)('of %s are exactly those agreed', (name, expected) => {
    const { maxAgents, maxConcurrentExecutions, maxRequestsPerMinute, maxStorageMb, maxVectorDocuments, maxHitlQueueSize } =
      rules.tierLimits[name];

    expect([
      maxAgents,
      maxConcurrentExecutions,
      maxRequestsPerMinute,
      maxStorageMb,
      maxVectorDocuments,
      maxHitlQueueSize,
    ]).toEqual(expected);
  });

  it('give way to the tenant’s own, one by one', () => {
    fc.assert(
      fc.property(tier, own, (ofTier, ofTenant) => {
        const applicable = rules.limitsOf(ofTier, ofTenant);

        for (const name of names) expect(applicable[name]).toBe(ofTenant[name] ?? rules.tierLimits[ofTier][name]);
      }),
    );
  });

  it('do not change when the own ones are read back', () => {
    fc.assert(
      fc.property(tier, own, (ofTier, ofTenant) => {
        const again = rules.ownLimits({ ...ofTenant, tenantId: 'ten_1' } as rules.OwnLimits);

        expect(rules.sameLimits(rules.limitsOf(ofTier, again), rules.limitsOf(ofTier, ofTenant))).toBe(true);
        expect(again).not.toHaveProperty('tenantId');
      }),
    );
  });

  it('an own limit of 0 is a limit, not “unset”', () => {
    expect(rules.limitsOf('free', { maxAgents: 0 }).maxAgents).toBe(0);
  });
});

describe('status', () => {
  it.each([
    ['pending', ['activate', 'deactivate']],
    ['active', ['suspend', 'deactivate']],
    ['suspended', ['activate', 'deactivate']],
    ['deactivated', ['activate']],
  ] as const)('%s allows %j and nothing else', (from, allowed) => {
    const possible = steps.filter((step) => attempt(step, from) !== undefined);

    expect(possible).toEqual(allowed);
  });

  it('follows the table through any sequence, and a refused step changes nothing', () => {
    fc.assert(
      fc.property(status, fc.array(transition, { maxLength: 30 }), (first, attempts) => {
        const path = attempts.reduce<TenantStatus>((current, step) => attempt(step, current) ?? current, first);
        const byTable = attempts.reduce<TenantStatus>((current, step) => {
          const { from, to } = rules.transitions[step];
          return (from as readonly TenantStatus[]).includes(current) ? to : current;
        }, first);

        expect(path).toBe(byTable);
      }),
    );
  });

  it('refuses every other step by its code', () => {
    const refused = tenantStatuses.flatMap((from) =>
      steps.filter((step) => attempt(step, from) === undefined).map((step) => ({ step, from })),
    );

    expect(refused).toHaveLength(5);
    for (const { step, from } of refused) {
      expect(() => rules.statusAfter(step, from)).toThrow(expect.objectContaining({ code: 'tenant_state_conflict' }));
    }
  });

  it('never comes back to pending, and active is within reach from everywhere', () => {
    const targets = Object.values(rules.transitions).map(({ to }) => to);

    expect(targets).not.toContain('pending');
    for (const from of tenantStatuses.filter((name) => name !== 'active'))
      expect(rules.statusAfter('activate', from)).toBe('active');
  });

  it('says what the status must be when it refuses', () => {
    expect(() => rules.statusAfter('suspend', 'pending')).toThrow('Cannot suspend a tenant that is pending; it must be active.');
  });
});

describe('an edit', () => {
  const tenant = {
    name: 'Acme',
    tier: 'starter',
    allowedBlueprints: ['support_agent'],
    settings: { locale: 'en', theme: 'dark' },
  } as const;

  it('merges settings by key and removes a key by null', () => {
    const { after, changed } = rules.edited(tenant, { settings: { theme: null, zone: { name: 'UTC' } } });

    expect(after).toEqual({ ...tenant, settings: { locale: 'en', zone: { name: 'UTC' } } });
    expect(changed).toEqual(['settings']);
  });

  it('names exactly what is different afterwards', () => {
    expect(rules.edited(tenant, { ...tenant }).changed).toEqual([]);
    expect(rules.edited(tenant, {}).changed).toEqual([]);
    expect(rules.edited(tenant, { name: 'Globex', tier: 'free', allowedBlueprints: [] }).changed).toEqual([
      'name',
      'tier',
      'allowedBlueprints',
    ]);
  });

  it('merging settings twice changes nothing more', () => {
    const settings = fc.dictionary(fc.string(), fc.oneof(fc.constant(null), fc.string(), fc.integer()));
    fc.assert(
      fc.property(settings, settings, (current, change) => {
        const once = rules.mergedSettings(current, change);

        expect(rules.mergedSettings(once, change)).toEqual(once);
      }),
    );
  });

  it('refuses settings that would grow beyond 16 KiB, also by small steps', () => {
    const full = { ...tenant, settings: { a: 'x'.repeat(16_000) } };

    expect(() => rules.edited(full, { settings: { b: 'y'.repeat(1_000) } })).toThrow(
      expect.objectContaining({ code: 'validation_failed', issues: [expect.objectContaining({ path: '/settings' })] }),
    );
  });

  it('of tier or blueprints is the platform’s', () => {
    const admin: Caller['principal'] = { type: 'key', id: 'key_1', roles: ['admin'] };
    const platform: Caller['principal'] = { type: 'platform', id: 'platform', roles: [] };

    expect(() => rules.checkMayEdit({ tier: 'enterprise' }, admin)).toThrow(expect.objectContaining({ code: 'forbidden' }));
    expect(() => rules.checkMayEdit({ allowedBlueprints: [] }, admin)).toThrow(expect.objectContaining({ code: 'forbidden' }));
    expect(() => rules.checkMayEdit({ name: 'Globex', settings: {} }, admin)).not.toThrow();
    expect(() => rules.checkMayEdit({ tier: 'enterprise', allowedBlueprints: [] }, platform)).not.toThrow();
  });
});

describe('guards', () => {
  it('refuse another version than the one expected', () => {
    expect(() => rules.checkVersion(3, 2)).toThrow(expect.objectContaining({ code: 'version_mismatch' }));
    expect(() => rules.checkVersion(3, 3)).not.toThrow();
    expect(() => rules.checkVersion(3, undefined)).not.toThrow();
  });

  it('refuse to delete a tenant with agents', () => {
    expect(() => rules.checkDeletable(1)).toThrow(expect.objectContaining({ code: 'tenant_has_agents' }));
    expect(() => rules.checkDeletable(0)).not.toThrow();
  });

  it('put the tenant acted on in place of any the caller named', () => {
    const caller: Caller = { principal: { type: 'platform', id: 'platform', roles: [] }, correlationId: 'c', tenantId: 'ten_1' };

    expect(rules.actingOn(caller, 'ten_2')).toEqual({ ...caller, tenantId: 'ten_2' });
  });
});

describe('totals', () => {
  it('count every tenant once by status and once by tier', () => {
    const totals = rules.totals([
      { status: 'active', tier: 'free', count: 2 },
      { status: 'active', tier: 'starter', count: 3 },
      { status: 'pending', tier: 'free', count: 1 },
    ]);

    expect(totals).toEqual({
      totalTenants: 6,
      byStatus: { pending: 1, active: 5, suspended: 0, deactivated: 0 },
      byTier: { free: 3, starter: 3, professional: 0, enterprise: 0 },
    });
  });
});
