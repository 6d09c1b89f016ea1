import { describe, expect, it } from '@jest/globals';
import { rpc, type Caller, type EventEnvelope, type Principal } from '@support101/contracts';
import { deadLetterKept, deadLetterReplayed } from '@support101/contracts/messaging';
import type { Tx } from '@support101/database';
import { VirtualClock } from '@support101/testing';
import { z } from 'zod';
import { callerOf, deliveryOf, effect, nobody, onBothEngines } from './both-engines.fixture-spec.js';
import { DeadLetters } from './dead-letters.js';
import { Housekeeping } from './housekeeping.js';
import { Idempotency } from './idempotency.js';
import { Inbox } from './inbox.js';
import { Outbox } from './outbox.js';
import { collectReplyHeaders } from './reply-headers.js';
import { acme, anEvent, globex } from './transport.conformance-spec.js';

const make = rpc('demo.things.make.v1', {
  summary: 'Make',
  access: { internal: true },
  input: z.object({ name: z.string(), more: z.record(z.string(), z.unknown()).optional() }),
  output: z.object({ made: z.string(), at: z.number() }),
  errors: [],
});
const sell = { ...make, subject: 'demo.things.sell.v1' };
const hour = 3_600_000;

onBothEngines('the stores of messaging', (world) => {
  const aThing = (data = {}) => anEvent({ thing: 'a', step: 1, ...data });

  describe('inbox', () => {
    it('runs a consumer’s effect once per durable and tenant', async () => {
      const inbox = new Inbox(world().database);
      const event = aThing();
      const once = (durable: string) => inbox.once(deliveryOf(event, durable), (tx) => effect(tx, durable));

      const outcomes = [await once('first'), await once('first'), await once('second')];
      const foreign = await inbox.once(deliveryOf({ ...event, tenantid: globex }, 'first'), (tx) => effect(tx, 'foreign'));

      expect([...outcomes, foreign]).toEqual(['done', 'duplicate', 'done', 'done']);
      expect(await world().effects()).toEqual(['first', 'second', 'foreign']);
    });

    it('forgets an event whose effect failed', async () => {
      const inbox = new Inbox(world().database);
      const event = aThing();
      const failing = inbox.once(deliveryOf(event), async (tx) => {
        await effect(tx, 'half');
        throw new Error('then it failed');
      });
      await expect(failing).rejects.toThrow('then it failed');

      const again = await inbox.once(deliveryOf(event), (tx) => effect(tx, 'whole'));

      expect(again).toBe('done');
      expect(await world().effects()).toEqual(['whole']);
    });

    it('lets one of many simultaneous deliveries of an event through', async () => {
      const inbox = new Inbox(world().database);
      const event = aThing();

      const outcomes = await Promise.all(
        Array.from({ length: 12 }, () => inbox.once(deliveryOf(event), (tx) => effect(tx, 'one'))),
      );

      expect(outcomes.toSorted()).toEqual(['done', ...Array.from({ length: 11 }, () => 'duplicate')]);
      expect(await world().effects()).toEqual(['one']);
    });
  });

  describe('idempotency', () => {
    const input = { name: 'chair' };
    const keyed = (key: string, tenantId = acme) => callerOf(tenantId, { idempotencyKey: key });
    const effectOf = (name: string) => async (tx: Tx) => {
      await effect(tx, name);
      return { made: name, at: 1 };
    };

    it('gives the stored answer for the same key and input, and says so', async () => {
      const idempotency = new Idempotency(world().database);
      const first = await idempotency.run(make, { name: 'chair', more: { a: 1, b: [2] } }, keyed('k'), effectOf('one'));

      const again = await collectReplyHeaders(() =>
        idempotency.run(make, { more: { b: [2], a: 1 }, name: 'chair' }, keyed('k'), effectOf('two')),
      );

      expect(again).toEqual({ result: first, headers: { 'idempotency-replayed': 'true' } });
      expect(await world().effects()).toEqual(['one']);
    });

    it('refuses the key for another input, and keeps keys of commands, tenants and principals apart', async () => {
      const { database } = world();
      const idempotency = new Idempotency(database);
      const operator = (id: string): Caller => ({
        principal: { type: 'platform', id, roles: [] },
        correlationId: 'c',
        idempotencyKey: 'k',
      });
      await idempotency.run(make, input, keyed('k'), effectOf('one'));

      const reused = idempotency.run(make, { name: 'table' }, keyed('k'), effectOf('never'));
      await expect(reused).rejects.toMatchObject({ code: 'idempotency_key_reused' });
      await idempotency.run(sell, input, keyed('k'), effectOf('two'));
      await idempotency.run(make, input, keyed('k', globex), effectOf('three'));
      await idempotency.runAsSystem(database, make, input, operator('ann'), effectOf('four'));
      await idempotency.runAsSystem(database, make, input, operator('ann'), effectOf('never'));
      await idempotency.runAsSystem(database, make, input, operator('bob'), effectOf('five'));

      expect(await world().effects()).toEqual(['one', 'two', 'three', 'four', 'five']);
    });

    it('refuses the key of another principal of the tenant, whose answer is not its own', async () => {
      const idempotency = new Idempotency(world().database);
      const other: Principal = { type: 'key', id: 'another key', roles: [] };
      await idempotency.run(make, input, keyed('k'), effectOf('one'));

      const asked = idempotency.run(make, input, { ...keyed('k'), principal: other }, effectOf('never'));

      await expect(asked).rejects.toMatchObject({ code: 'idempotency_key_reused' });
      expect(await world().effects()).toEqual(['one']);
    });

    it('does it each time without a key', async () => {
      const idempotency = new Idempotency(world().database);

      await idempotency.run(make, input, callerOf(acme), effectOf('one'));
      await idempotency.run(make, input, callerOf(acme), effectOf('two'));

      expect(await world().effects()).toEqual(['one', 'two']);
    });

    it('stores nothing of a failure', async () => {
      const idempotency = new Idempotency(world().database);
      const failing = idempotency.run(make, input, keyed('k'), async (tx) => {
        await effect(tx, 'half');
        throw new Error('broken');
      });
      await expect(failing).rejects.toThrow('broken');

      const answer = await idempotency.run(make, input, keyed('k'), effectOf('whole'));

      expect(answer).toEqual({ made: 'whole', at: 1 });
      expect(await world().effects()).toEqual(['whole']);
    });

    it('does it once when the same command comes many times at once; the others are told or get the answer', async () => {
      const idempotency = new Idempotency(world().database);
      const run = () =>
        idempotency.run(make, input, keyed('k'), effectOf('one')).then(
          () => 'answered',
          (error: { code?: string }) => error.code,
        );

      const outcomes = await Promise.all(Array.from({ length: 15 }, run));

      expect(await world().effects()).toEqual(['one']);
      expect(outcomes).toContain('answered');
      expect(outcomes.filter((outcome) => outcome !== 'answered' && outcome !== 'idempotency_in_flight')).toEqual([]);
      // Embedded Postgres lets transactions wait for each other, so there the others get the answer.
      expect(outcomes.includes('idempotency_in_flight')).toBe(!world().database.embedded);
    });

    it('forgets an answer after a day', async () => {
      const clock = new VirtualClock();
      const idempotency = new Idempotency(world().database, clock);
      await idempotency.run(make, input, keyed('k'), effectOf('one'));

      await clock.advance(24 * hour - 1);
      await idempotency.run(make, input, keyed('k'), effectOf('never'));
      await clock.advance(1);
      await idempotency.run(make, { name: 'other' }, keyed('k'), effectOf('two'));

      expect(await world().effects()).toEqual(['one', 'two']);
    });

    it('takes keys of any characters', async () => {
      const idempotency = new Idempotency(world().database);
      const keys = ["'; drop table effects; --", '☃'.repeat(80), '%00'];

      for (const key of keys) await idempotency.run(make, input, keyed(key), effectOf('one'));

      expect(await world().effects()).toHaveLength(3);
    });
  });

  describe('dead letters', () => {
    it('are listed newest first, by tenant and durable, and keep what Postgres cannot', async () => {
      const clock = new VirtualClock();
      const letters = new DeadLetters(world().database, () => Promise.resolve(), clock);
      const [first, second] = [aThing(), anEvent({ thing: 'b', step: 1 }, { tenantid: globex })];

      await letters.keep({ event: first, durable: 'things', attempts: 5, reason: 'bad\u0000 \ud800' });
      await clock.advance(1_000);
      await letters.keep({ event: second, durable: 'others', attempts: 1, reason: 'x'.repeat(5_000) });

      expect((await letters.list()).map(({ event }) => event)).toEqual([second, first]);
      expect(await letters.list({ limit: 1 })).toHaveLength(1);
      expect(await letters.list({ tenantId: acme })).toMatchObject([{ reason: 'bad \ufffd', durable: 'things', attempts: 5 }]);
      expect((await letters.list({ durable: 'others' }))[0]?.reason).toHaveLength(2_000);
      const after = { failedAt: clock.now(), eventId: second.id, durable: 'others' };
      expect((await letters.list({ after })).map(({ event }) => event)).toEqual([first]);
    });

    it('are told of once, with the ids of what they are about; those about dead letters are not', async () => {
      const outbox = new Outbox('demo', nobody);
      const letters = new DeadLetters(world().database, () => Promise.resolve(), undefined, { service: 'demo', outbox });
      const runId = 'run_01jd5m6wz5f9r8x2k3c4v7b6n1';
      const keep = (event: EventEnvelope) => letters.keep({ event, durable: 'things', attempts: 5, reason: 'no' });
      const told = async () =>
        (await world().rows<{ envelope: string }>('select envelope from outbox order by seq')).map(
          ({ envelope }) => JSON.parse(envelope) as EventEnvelope,
        );

      const first = aThing({ runId });
      await keep(first);
      await keep(first);
      const [kept, ...more] = await told();
      await keep(kept as EventEnvelope);
      await letters.replay({ tenantId: acme, durable: 'things', eventId: first.id });

      expect(more).toEqual([]);
      expect(kept).toMatchObject({
        type: deadLetterKept.type,
        data: { service: 'demo', eventId: first.id, runId, reason: 'no' },
      });
      expect((await told()).slice(1)).toMatchObject([{ type: deadLetterReplayed.type, data: { handled: true, runId } }]);
      expect((await letters.list()).map(({ event }) => event.id)).toEqual([kept?.id]);
    });
  });

  describe('housekeeping', () => {
    const old = (days: number) => new Date(Date.UTC(2026, 5, 1) - days * 24 * hour).toISOString();

    async function fill(): Promise<void> {
      const insert = {
        outbox: `insert into outbox (tenant_id, event_id, type, resource, envelope, recorded_at, published_at)
          select $1, 'evt_' || n || ' ' || $2::text, 't', 'r', '{}', $2::text::timestamptz, $2::text::timestamptz from generate_series(1, 600) n`,
        unpublished: `insert into outbox (tenant_id, event_id, type, resource, envelope, recorded_at) values ($1, 'evt_waiting', 't', 'r', '{}', $2)`,
        inbox: `insert into inbox (tenant_id, durable, event_id, handled_at) values ($1, 'd', $2::text, $2::text::timestamptz)`,
        idempotency: `insert into idempotency_keys (tenant_id, subject, key, body_hash, answer, answered_at) values ($1, 's', $2::text, '', '', $2::text::timestamptz)`,
      };
      await world().rows(insert.unpublished, [acme, old(100)]);
      for (const days of [0, 6, 8]) await world().rows(insert.outbox, [acme, old(days)]);
      for (const days of [0, 29, 31]) await world().rows(insert.inbox, [acme, old(days)]);
      for (const days of [0, 0.9, 1.1]) await world().rows(insert.idempotency, [acme, old(days)]);
    }

    it('deletes what is old enough, never what is unpublished, in pieces', async () => {
      await fill();
      const housekeeping = new Housekeeping(world().database, { time: new VirtualClock(old(0)) });

      const deleted = await housekeeping.sweep();

      expect(deleted).toEqual({ published: 600, inbox: 1, idempotency: 1 });
      expect(await world().rows('select count(*)::int as left from outbox')).toEqual([{ left: 1_201 }]);
      expect(await world().rows(`select event_id from outbox where published_at is null`)).toEqual([{ event_id: 'evt_waiting' }]);
    });

    it('sweeps every quarter of an hour until it is stopped', async () => {
      await fill();
      const clock = new VirtualClock(old(0));
      const housekeeping = new Housekeeping(world().database, { time: clock });
      housekeeping.start();
      const left = async () => (await world().rows<{ count: number }>('select count(*)::int as count from inbox'))[0]?.count;

      await clock.advance(hour / 4 - 1);
      expect(await left()).toBe(3);
      await clock.advance(1);
      expect(await left()).toBe(2);
      clock.set(old(-10));
      await clock.advance(hour / 4);
      expect(await left()).toBe(1);
      await housekeeping.stop();

      expect(clock.pending).toBe(0);
    });
  });
});
