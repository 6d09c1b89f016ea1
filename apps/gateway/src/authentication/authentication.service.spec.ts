import { beforeEach, describe, expect, it } from '@jest/globals';
import { buildRegistry, DomainError, isDomainError, toProblem, type ErrorCode, type EventEnvelope } from '@support101/contracts';
import { apiKeyRevoked, authenticateKey } from '@support101/contracts/tenancy';
import { CommandClient, headerNames, InProcessTransport } from '@support101/messaging';
import { Clock, createLog, HealthBoard } from '@support101/service-kit';
import { VirtualClock } from '@support101/testing';
import { AuthenticationService } from './authentication.service.js';

const key = 's101_0123456789abcdefghij';
const keyId = 'key_01jd5m6wz5f9r8x2k3c4v7b6n1';
const owner = { tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1', keyId, roles: ['viewer'], limits: { maxRequestsPerMinute: 1 } };

let time: VirtualClock;
let service: AuthenticationService;
let observed: (event: EventEnvelope) => void;
/** What tenancy answers; a code is a refusal. */
let answer: () => Promise<object | ErrorCode>;
let asked: number;

beforeEach(async () => {
  time = new VirtualClock();
  asked = 0;
  answer = () => Promise.resolve(owner);
  const transport = new InProcessTransport({ time });
  transport.observe = (_filter, listener) => {
    observed = listener;
    return Promise.resolve({ close: () => Promise.resolve() });
  };
  await transport.serve(authenticateKey.subject, 'tenancy', async () => {
    asked += 1;
    const given = await answer();
    if (typeof given !== 'string') return { body: JSON.stringify(given), headers: {} };
    return { body: JSON.stringify(toProblem(new DomainError(given))), headers: { [headerNames.problem]: given } };
  });
  const parts = {
    transport,
    registry: buildRegistry([]),
    health: new HealthBoard(),
    log: createLog({ name: 't', level: 'silent' }),
    settings: {},
  };
  service = new AuthenticationService(new CommandClient(transport, time), new Clock(time), parts);
  await service.onApplicationBootstrap();
});

const authenticate = () => service.authenticate(`Bearer ${key}`, 'cor_1');
const outcome = () =>
  authenticate().then(
    () => 'known',
    (error: unknown) => (isDomainError(error) ? error.code : String(error)),
  );
const revoked = () =>
  observed({ type: apiKeyRevoked.type, tenantid: owner.tenantId, data: { keyId } } as unknown as EventEnvelope);

describe('AuthenticationService', () => {
  it('remembers an owner for five seconds', async () => {
    const first = await authenticate();
    await time.advance(4_999);
    await authenticate();
    const within = asked;
    await time.advance(1);
    await authenticate();

    expect(first).toMatchObject({ tenantId: owner.tenantId, principal: { type: 'key', id: keyId, roles: ['viewer'] } });
    expect([within, asked]).toEqual([1, 2]);
  });

  it('remembers nobody longer than the key lives', async () => {
    answer = () => Promise.resolve({ ...owner, expiresAt: new Date(time.now().getTime() + 2_000).toISOString() });

    await authenticate();
    await time.advance(2_000);
    await authenticate();

    expect(asked).toBe(2);
  });

  it('remembers for one second that a key has no owner', async () => {
    answer = () => Promise.resolve('unauthenticated');

    const outcomes = [await outcome(), await outcome()];
    const within = asked;
    await time.advance(1_000);
    answer = () => Promise.resolve(owner);

    expect(outcomes).toEqual(['unauthenticated', 'unauthenticated']);
    expect([within, await outcome(), asked]).toEqual([1, 'known', 2]);
  });

  it('does not take an outage for an answer', async () => {
    answer = () => Promise.resolve('service_unavailable');
    const during = await outcome();
    answer = () => Promise.resolve(owner);

    expect([during, await outcome()]).toEqual(['service_unavailable', 'known']);
  });

  it('asks once for requests that come together', async () => {
    await Promise.all([authenticate(), authenticate(), authenticate()]);

    expect(asked).toBe(1);
  });

  it('forgets a revoked key at once', async () => {
    await authenticate();
    answer = () => Promise.resolve('unauthenticated');
    revoked();

    expect(await outcome()).toBe('unauthenticated');
  });

  it('does not remember an answer that was on its way when the key was revoked', async () => {
    let release: () => void = () => undefined;
    answer = () => new Promise((resolve) => (release = () => resolve(owner)));

    const early = outcome();
    while (asked === 0) await Promise.resolve();
    revoked();
    release();
    await early;
    answer = () => Promise.resolve('unauthenticated');

    expect(await outcome()).toBe('unauthenticated');
  });
});
