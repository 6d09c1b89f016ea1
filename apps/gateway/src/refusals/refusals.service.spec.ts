import { beforeEach, describe, expect, it } from '@jest/globals';
import { buildRegistry, DomainError, toProblem, type ErrorCode, type InputOf, type TenantId } from '@support101/contracts';
import { recordAudit } from '@support101/contracts/governance';
import { CommandClient, headerNames, InProcessTransport } from '@support101/messaging';
import { createLog, HealthBoard, newId } from '@support101/service-kit';
import { VirtualClock } from '@support101/testing';
import { Writable } from 'node:stream';
import { entryOf, newTally } from './refusals.rules.js';
import { RefusalsService } from './refusals.service.js';

type Told = InputOf<typeof recordAudit>;

const acme = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' as TenantId;
const globex = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n2' as TenantId;

const someone = {
  principal: { type: 'key' as const, id: 'key_1', roles: [] },
  operation: 'demo.things.get.v1',
  correlationId: 'cor_1',
};

const forbidden = { ...someone, kind: 'forbidden' as const, tenantId: acme };

let time: VirtualClock;
let service: RefusalsService;
let logged: string[];
/** Every attempt to tell the audit. */
let attempts: Told[];
/** What governance answers to an attempt; a code is a refusal. */
let answer: (told: Told) => ErrorCode | undefined;

beforeEach(async () => {
  time = new VirtualClock();
  attempts = [];
  logged = [];
  answer = () => undefined;
  const transport = new InProcessTransport({ time });
  await transport.serve(recordAudit.subject, 'governance', ({ body }) => {
    const told = JSON.parse(body) as Told;
    attempts.push(told);
    const code = answer(told);
    if (code === undefined) return Promise.resolve({ body: JSON.stringify({ recorded: told.entries.length }), headers: {} });
    return Promise.resolve({ body: JSON.stringify(toProblem(new DomainError(code))), headers: { [headerNames.problem]: code } });
  });
  const destination = new Writable({
    write: (line, _encoding, done) => {
      logged.push(String(line));
      done();
    },
  });
  const log = createLog({ name: 't', destination });
  const parts = { transport, registry: buildRegistry([]), health: new HealthBoard(), log, settings: {}, time };
  service = new RefusalsService(new CommandClient(transport, time), parts, log);
});

const refuse = (code: ErrorCode = 'forbidden', id = 'key_1', tenantId: TenantId | undefined = acme) =>
  service.refused(new DomainError(code), { ...someone, tenantId, principal: { ...someone.principal, id } });
const counts = () => attempts.map(({ entries }) => entries.map(({ details }) => details['count']));

describe('RefusalsService', () => {
  it('makes one entry with a count of a flood within a second', async () => {
    for (let n = 0; n < 1_000; n += 1) refuse();
    const early = attempts.length;
    await time.advance(1_000);

    expect([early, counts()]).toEqual([0, [[1_000]]]);
  });

  it('sends the tenants’ entries apart, and nothing when nothing happened', async () => {
    refuse();
    refuse('rate_limited');
    refuse('forbidden', 'key_2', globex);
    await time.advance(1_000);
    await time.advance(60_000);

    expect(attempts.map(({ tenantId, entries }) => [tenantId, entries.length])).toEqual([
      [acme, 2],
      [globex, 1],
    ]);
  });

  it('sends entries that stand for themselves beside what is counted, each of them', async () => {
    answer = () => 'service_unavailable';
    const entry = { ...entryOf(newTally(forbidden, time.now()), newId('evt')), action: 'gateway.exports.ended' };
    service.tell(acme, entry);
    service.tell(acme, { ...entry, eventId: newId('evt') });
    refuse();
    await time.advance(1_000);
    answer = () => undefined;
    await time.advance(15_000);

    expect(attempts.at(-1)?.entries.map(({ action }) => action)).toEqual([
      ...['gateway.requests.refused', 'gateway.exports.ended', 'gateway.exports.ended'],
    ]);
  });

  it('leaves out what has no known tenant, and what is no refusal', async () => {
    service.refused(new DomainError('forbidden'), { ...someone, tenantId: undefined });
    service.refused(new Error('forbidden'), { ...someone, tenantId: acme });
    refuse('validation_failed');
    await time.advance(1_000);

    expect(attempts).toEqual([]);
  });

  it('sends again what governance was away for, under the same ids, and counts on meanwhile', async () => {
    answer = () => 'service_unavailable';
    refuse();
    await time.advance(1_000);
    for (let n = 0; n < 50; n += 1) {
      refuse();
      await time.advance(1_000);
    }
    answer = () => undefined;
    await time.advance(20_000);

    const ids = new Set(attempts.slice(0, -1).map(({ entries }) => entries[0]?.eventId));
    expect(ids.size).toBe(1);
    expect(counts().slice(-2)).toEqual([[1], [50]]);
    // Every second at first, then less and less often.
    expect(attempts.length).toBeLessThan(12);
  });

  it('is not held up by what governance does not take', async () => {
    answer = ({ tenantId }) => (tenantId === acme ? 'validation_failed' : undefined);
    refuse();
    refuse('forbidden', 'key_2', globex);
    await time.advance(1_000);
    refuse('forbidden', 'key_2', globex);
    await time.advance(1_000);

    expect(attempts.map(({ tenantId }) => tenantId)).toEqual([acme, globex, globex]);
    expect(logged.join('')).toContain('they were not taken');
  });

  it('tries again what failed on the other side, but not for ever', async () => {
    answer = () => 'internal';
    refuse();
    await time.advance(3_600_000);

    expect(attempts).toHaveLength(20);
    expect(logged.join('')).toContain('they were not taken');
  });

  it('takes no more room than it has, and says what is missing', async () => {
    for (let n = 0; n < 6_000; n += 1) refuse('forbidden', `key_${n}`);
    await time.advance(1_000);

    expect(counts().flat()).toHaveLength(5_000);
    expect(attempts.every(({ entries }) => entries.length <= 200)).toBe(true);
    expect(logged.join('')).toContain('"happenings":1000');
  });

  it('sends what waits when it closes', async () => {
    refuse();
    service.tell(acme, entryOf(newTally(forbidden, time.now()), newId('evt')));
    await service.onApplicationShutdown();

    expect(counts()).toEqual([[1, 1]]);
    expect(logged).toEqual([]);
  });

  it('says at the end what could not be sent', async () => {
    answer = () => 'service_unavailable';
    refuse();
    await service.onApplicationShutdown();

    expect(logged.join('')).toContain('could not be told before the end');
  });
});
