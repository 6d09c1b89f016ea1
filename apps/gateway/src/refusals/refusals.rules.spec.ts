import { describe, expect, it } from '@jest/globals';
import { parseOrThrow, type ErrorCode, type TenantId } from '@support101/contracts';
import { recordAudit } from '@support101/contracts/governance';
import { newId } from '@support101/service-kit';
import { add, entryOf, isRecorded, isUnreadable, newTally, tallyKey, type Happening } from './refusals.rules.js';

const tenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' as TenantId;
const happening: Happening = {
  kind: 'forbidden',
  tenantId,
  principal: { type: 'key', id: 'key_1', roles: ['viewer'] },
  operation: 'agent-runtime.agents.create.v1',
  correlationId: 'cor_1',
};
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 22, 10, 0, seconds));

describe('isRecorded', () => {
  it.each<[ErrorCode, boolean]>([
    ['unauthenticated', true],
    ['forbidden', true],
    ['tenant_inactive', true],
    ['tenant_not_found', true],
    ['rate_limited', true],
    ['limit_exceeded', false],
    ['tenant_required', false],
    ['run_not_found', false],
    ['validation_failed', false],
    ['service_unavailable', false],
  ])('%s: %s', (code, expected) => {
    expect(isRecorded(code)).toBe(expected);
  });
});

describe('isUnreadable', () => {
  it.each<[ErrorCode, boolean]>([
    ['validation_failed', true],
    ['malformed_json', true],
    ['payload_too_large', true],
    ['forbidden', false],
    ['request_closed', false],
  ])('%s: %s', (code, expected) => {
    expect(isUnreadable(code)).toBe(expected);
  });
});

describe('tallyKey', () => {
  it.each<[string, Partial<Happening>, boolean]>([
    ['another operation', { operation: 'x.y.z.v1' }, true],
    ['another request', { correlationId: 'cor_2' }, true],
    ['another tenant asked for', { namedTenantId: 'ten_x' }, true],
    ['another kind', { kind: 'rate_limited' }, false],
    ['another principal', { principal: { ...happening.principal, id: 'key_2' } }, false],
    ['another type of principal', { principal: { ...happening.principal, type: 'user' } }, false],
    ['another tenant', { tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n2' }, false],
  ])('%s is counted together: %s', (_, given, together) => {
    expect(tallyKey({ ...happening, ...given }) === tallyKey(happening)).toBe(together);
  });
});

describe('entryOf', () => {
  it('says who was refused what, and why', () => {
    const entry = entryOf(newTally(happening, at(1)), newId('evt'));

    expect(entry).toMatchObject({
      eventType: 'security_violation',
      action: 'gateway.requests.refused',
      resource: 'operation:agent-runtime.agents.create.v1',
      outcome: 'forbidden',
      principal: { type: 'key', id: 'key_1' },
      correlationId: 'cor_1',
      details: { count: 1, operations: { 'agent-runtime.agents.create.v1': 1 } },
      time: '2026-11-22T10:00:01.000Z',
    });
  });

  it('says how often, of what, and until when', () => {
    const tally = newTally({ ...happening, namedTenantId: 'ten_x', kind: 'tenant_not_found' }, at(1));
    add(tally, { ...happening, operation: 'a.b.c.v1' }, at(2));
    add(tally, happening, at(3));

    expect(entryOf(tally, newId('evt'))).toMatchObject({
      resource: 'operation:several',
      outcome: 'tenant_not_found',
      details: {
        count: 3,
        operations: { 'agent-runtime.agents.create.v1': 2, 'a.b.c.v1': 1 },
        until: '2026-11-22T10:00:03.000Z',
        namedTenantId: 'ten_x',
      },
      time: '2026-11-22T10:00:01.000Z',
    });
  });

  it('says that the platform named a tenant', () => {
    const platform: Happening = {
      ...happening,
      kind: 'tenant_named',
      principal: { type: 'platform', id: 'platform', roles: [] },
    };

    expect(entryOf(newTally(platform, at(1)), newId('evt'))).toMatchObject({
      eventType: 'data_accessed',
      action: 'gateway.tenants.named',
      resource: `tenant:${tenantId}`,
      outcome: 'success',
    });
  });

  it('stays small whatever is asked for, and fits the contract', () => {
    const tally = newTally({ ...happening, kind: 'rate_limited' }, at(1));
    for (let n = 0; n < 1_000; n += 1) add(tally, { ...happening, operation: `service.capability.verb-${n}.v1` }, at(2));

    const entry = entryOf(tally, newId('evt'));

    expect(entry).toMatchObject({ eventType: 'rate_limit_exceeded', details: { count: 1_001, operations: { others: 981 } } });
    expect(JSON.stringify(entry).length).toBeLessThan(2_000);
    expect(parseOrThrow(recordAudit.input, { tenantId, entries: [entry] }).entries).toEqual([entry]);
  });
});
