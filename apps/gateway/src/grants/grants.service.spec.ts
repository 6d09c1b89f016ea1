import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  buildRegistry,
  DomainError,
  isDomainError,
  toProblem,
  type ErrorCode,
  type EventEnvelope,
  type PermissionGrant,
  type Principal,
  type TenantId,
} from '@support101/contracts';
import { permissionRevoked, resolvePermissions } from '@support101/contracts/governance';
import { CommandClient, headerNames, InProcessTransport, type WireMessage } from '@support101/messaging';
import { Clock, createLog, HealthBoard } from '@support101/service-kit';
import { VirtualClock } from '@support101/testing';
import { GrantsService } from './grants.service.js';

const tenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' as TenantId;
const globex = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n2' as TenantId;
const principal: Principal = { type: 'key', id: 'key_1', roles: ['viewer'] };
const first: PermissionGrant[] = [{ resource: 'hitl:*', level: 'execute' }];
const second: PermissionGrant[] = [{ resource: 'hitl:*', level: 'admin' }];

let time: VirtualClock;
let service: GrantsService;
let observed: (event: EventEnvelope) => void;
/** What governance answers; a code is a refusal. */
let answer: () => Promise<readonly PermissionGrant[] | ErrorCode>;
let asked: WireMessage[];

beforeEach(async () => {
  time = new VirtualClock();
  asked = [];
  answer = () => Promise.resolve(first);
  const transport = new InProcessTransport({ time });
  transport.observe = (_filter, listener) => {
    observed = listener;
    return Promise.resolve({ close: () => Promise.resolve() });
  };
  await transport.serve(resolvePermissions.subject, 'governance', async (message) => {
    asked.push(message);
    const given = await answer();
    if (typeof given !== 'string') return { body: JSON.stringify({ grants: given }), headers: {} };
    return { body: JSON.stringify(toProblem(new DomainError(given))), headers: { [headerNames.problem]: given } };
  });
  const log = createLog({ name: 't', level: 'silent' });
  const parts = { transport, registry: buildRegistry([]), health: new HealthBoard(), log, settings: {} };
  service = new GrantsService(new CommandClient(transport, time), new Clock(time), parts, log);
  await service.onApplicationBootstrap();
});

const grants = (holder: { tenantId?: TenantId; principal?: Principal } = {}) =>
  service.of({ tenantId, principal, correlationId: 'cor_1', ...holder });
const outcome = () => grants().catch((error: unknown) => (isDomainError(error) ? error.code : String(error)));
const revoked = (principalId = principal.id) =>
  observed({ type: permissionRevoked.type, tenantid: tenantId, data: { principalId } } as unknown as EventEnvelope);

describe('GrantsService', () => {
  it('asks for the tenant, with the principal and the roles of its credential', async () => {
    const given = await grants();

    expect(given).toEqual(first);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ principalId: 'key_1', roles: ['viewer'] });
    expect(asked[0]?.headers[headerNames.tenant]).toBe(tenantId);
  });

  it('remembers an answer for five seconds, an empty one too', async () => {
    answer = () => Promise.resolve([]);

    await grants();
    await time.advance(4_999);
    await grants();
    const within = asked.length;
    await time.advance(1);
    answer = () => Promise.resolve(second);

    expect([within, await grants(), asked.length]).toEqual([1, second, 2]);
  });

  it('keeps principals, tenants and roles apart', async () => {
    await grants();
    await grants({ principal: { ...principal, id: 'key_2' } });
    await grants({ tenantId: globex });
    await grants({ principal: { ...principal, roles: [] } });

    expect(asked).toHaveLength(4);
  });

  it('asks once for requests that come together', async () => {
    await Promise.all([grants(), grants(), grants()]);

    expect(asked).toHaveLength(1);
  });

  it('hears of a revocation at once, and of those of others not', async () => {
    await grants();
    answer = () => Promise.resolve([]);
    revoked('key_2');
    const before = await grants();
    revoked();

    expect([before, await grants()]).toEqual([first, []]);
  });

  it('neither remembers nor hands on an answer that was on its way when something was revoked', async () => {
    let release: () => void = () => undefined;
    answer = () => new Promise((resolve) => (release = () => resolve(first)));
    const early = grants();
    while (asked.length === 0) await Promise.resolve();
    answer = () => Promise.resolve([]);

    revoked();
    const late = grants();
    release();

    expect([await early, await late, await grants(), asked.length]).toEqual([first, [], [], 2]);
  });

  it('goes by the last answer for a minute while governance is away, then by nothing', async () => {
    await grants();
    answer = () => Promise.resolve('service_unavailable');
    await time.advance(5_000);
    const during = await outcome();
    await time.advance(54_999);
    const atTheEnd = await outcome();
    await time.advance(1);

    expect([during, atTheEnd, await outcome()]).toEqual([first, first, 'service_unavailable']);
  });

  it('forgets a revoked right also while governance is away', async () => {
    await grants();
    answer = () => Promise.resolve('service_unavailable');
    revoked();

    expect(await outcome()).toBe('service_unavailable');
  });

  it('leaves governance alone for a second after it did not answer', async () => {
    answer = () => Promise.resolve('service_unavailable');
    const during = [await outcome(), await outcome()];
    const within = asked.length;
    await time.advance(1_000);
    answer = () => Promise.resolve(first);

    expect([during, within, await outcome()]).toEqual([['service_unavailable', 'service_unavailable'], 1, first]);
  });

  it('gives up on an answer after two seconds', async () => {
    answer = () => new Promise(() => undefined);

    const waiting = outcome();
    while (asked.length === 0) await Promise.resolve();
    await time.advance(2_000);

    expect(await waiting).toBe('service_unavailable');
  });
});
