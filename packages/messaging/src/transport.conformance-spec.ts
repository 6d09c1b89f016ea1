import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventEnvelope, TenantId } from '@support101/contracts';
import { typeid } from 'typeid-js';
import {
  everyType,
  maxMessageBytes,
  Undeliverable,
  type ConsumeOptions,
  type DeadLetter,
  type EventHandler,
  type PublishResult,
  type Transport,
} from './transport.js';
import { commandConformance } from './transport-commands.conformance-spec.js';
import { gate, type TransportHarness, type World } from './transport-world.fixture-spec.js';

/** Ids of tenants for tests. */
export const acme: TenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1';
export const globex: TenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n2';

/** An event as the outbox would record it. */
export function anEvent(data: Record<string, unknown> = {}, overrides: Partial<EventEnvelope> = {}): EventEnvelope {
  return {
    specversion: '1.0',
    id: typeid('evt').toString(),
    source: '/support101/demo',
    type: 'demo.things.made.v1',
    subject: 'thing:1',
    time: '2026-11-22T09:30:00.000Z',
    datacontenttype: 'application/json',
    tenantid: acme,
    principaltype: 'key',
    principalid: 'key_1',
    outcome: 'success',
    correlationid: 'cor_1',
    data,
    ...overrides,
  };
}

/** What every transport must do. `make` gives a fresh, empty broker. */
export function describeTransport(name: string, make: () => Promise<TransportHarness>): void {
  describe(`${name} as a transport`, () => {
    let harness: TransportHarness;
    let transport: Transport;
    beforeEach(async () => {
      harness = await make();
      transport = await harness.open();
    });
    afterEach(() => harness.close());
    const world = (): World => ({ harness, transport });
    describe('commands', () => {
      commandConformance(world);
    });
    describe('events', () => {
      eventConformance(world);
    });
    describe('failing handlers', () => {
      failureConformance(world);
    });
    describe('consumers that come and go', () => {
      restartConformance(world);
    });
  });
}

const options = (overrides: Partial<ConsumeOptions> = {}): ConsumeOptions => ({
  durable: 'demo-first',
  types: ['demo.things.made.v1'],
  backoffMs: [100, 300],
  maxDeliver: 3,
  ...overrides,
});

/** Publishes without waiting for the end, as the relay does. */
function send(transport: Transport, ...events: EventEnvelope[]): { results: PublishResult[] } {
  const sent: { results: PublishResult[] } = { results: [] };
  void transport.publish(events).then((results) => sent.results.push(...results));
  return sent;
}

function eventConformance(world: () => World): void {
  it('delivers an event to every durable that wants its type, unchanged', async () => {
    const { transport, harness } = world();
    const first: EventEnvelope[] = [];
    const second: EventEnvelope[] = [];
    const other: EventEnvelope[] = [];
    await transport.consume(options(), async (event) => void first.push(event));
    await transport.consume(options({ durable: 'demo-second' }), async (event) => void second.push(event));
    await transport.consume(
      options({ durable: 'demo-other', types: ['demo.things.sold.v1'] }),
      async (event) => void other.push(event),
    );
    const event = anEvent({ text: 'ü\u0001"', nested: { list: [1, null] } });

    const sent = send(transport, event);
    await harness.until(() => first.length === 1 && second.length === 1 && sent.results.length === 1);

    expect([first, second, other]).toEqual([[event], [event], []]);
    expect(sent.results).toMatchObject([{ id: event.id, ok: true }]);
  });

  it('sends the texts it is given, each in the place of its event, and gives each delivery a copy of its own', async () => {
    const { transport, harness } = world();
    const delivered: EventEnvelope[] = [];
    await transport.consume(options(), async (event, attempt) => {
      delivered.push({ ...event, data: { ...event.data } });
      event.data['step'] = 'changed by a handler';
      if (attempt === 1) throw new Error('not yet');
    });
    const events = ['a', 'b', 'a'].map((thing, step) => anEvent({ step }, { subject: `thing:${thing}` }));
    const texts = events.map((event) => JSON.stringify({ ...event, data: { ...event.data, of: 'the text' } }));

    const results: PublishResult[] = [];
    void transport.publish(events, texts).then((each) => results.push(...each));
    await harness.until(() => delivered.length === 6 && results.length === 3);

    expect(results.map(({ id, ok }) => [id, ok])).toEqual(events.map(({ id }) => [id, true]));
    const byId = Map.groupBy(delivered, ({ id }) => id);
    const expected = texts.map((text) => JSON.parse(text) as EventEnvelope);
    expect(events.map(({ id }) => byId.get(id))).toEqual(expected.map((event) => [event, event]));
  });

  it('lets one durable take several types and keeps their order per resource', async () => {
    const { transport, harness } = world();
    const seen: string[] = [];
    const types = ['demo.things.made.v1', 'demo.things.sold.v1', 'other.items.made.v1'];
    await transport.consume(options({ types }), async (event) => void seen.push(event.type));

    send(transport, ...types.map((type) => anEvent({}, { type })), anEvent({}, { type: 'demo.things.lost.v1' }));
    await harness.until(() => seen.length === 3);

    expect(seen).toEqual(types);
  });

  it('gives every event to a durable that takes all', async () => {
    const { transport, harness } = world();
    const seen: EventEnvelope[] = [];
    await transport.consume(options({ types: [everyType] }), async (event) => void seen.push(event));
    const events = ['demo.things.made.v1', 'other.items.unheard-of.v1'].map((type) => anEvent({}, { type }));

    send(transport, ...events);
    await harness.until(() => seen.length === 2);

    expect(seen).toEqual(events);
  });

  it('gives each delivery its own copy', async () => {
    const { transport, harness } = world();
    const seen: unknown[] = [];
    const spoil: EventHandler = async (event) => {
      seen.push(event.data['count']);
      event.data['count'] = 'spoilt';
    };
    await transport.consume(options(), spoil);
    await transport.consume(options({ durable: 'demo-second' }), spoil);

    send(transport, anEvent({ count: 1 }));
    await harness.until(() => seen.length === 2);

    expect(seen).toEqual([1, 1]);
  });

  it('delivers an event that is published twice once', async () => {
    const { transport, harness } = world();
    const seen: string[] = [];
    await transport.consume(options(), async (event) => void seen.push(event.id));
    const [event, marker] = [anEvent(), anEvent()];

    const first = send(transport, event);
    await harness.until(() => first.results.length === 1 && seen.length === 1);
    const again = send(transport, event);
    send(transport, marker);
    await harness.until(() => seen.includes(marker.id) && again.results.length === 1);

    expect(again.results).toMatchObject([{ id: event.id, ok: true }]);
    expect(seen).toEqual([event.id, marker.id]);
  });

  it('works on several resources at once, within the bound, and on one resource in order', async () => {
    const { transport, harness } = world();
    const order = new Map<string, unknown[]>();
    let running = 0;
    let most = 0;
    await transport.consume(options({ concurrency: 4 }), async (event) => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      order.set(event.subject, [...(order.get(event.subject) ?? []), event.data['step']]);
    });
    const steps = [1, 2, 3, 4, 5];

    for (let thing = 0; thing < 8; thing += 1) {
      send(transport, ...steps.map((step) => anEvent({ step }, { subject: `thing:${thing}` })));
    }
    await harness.until(() => [...order.values()].flat().length === 40, 10_000);

    expect([...order.values()]).toEqual(Array.from({ length: 8 }, () => steps));
    expect(most).toBeLessThanOrEqual(4);
    expect(most).toBeGreaterThan(1);
  });

  it('keeps the order of each resource whoever else publishes meanwhile', async () => {
    const { transport, harness } = world();
    const others = [await harness.open(), await harness.open()];
    const order = new Map<string, unknown[]>();
    await transport.consume(options({ concurrency: 4 }), async (event) => {
      order.set(event.subject, [...(order.get(event.subject) ?? []), event.data['step']]);
    });
    const steps = Array.from({ length: 30 }, (_, step) => step);

    const publishing = [transport, ...others].flatMap((from, who) =>
      [1, 2].map((thing) => from.publish(steps.map((step) => anEvent({ step }, { subject: `thing:${who}.${thing}` })))),
    );
    const results = (await Promise.all(publishing)).flat();
    await harness.until(() => [...order.values()].flat().length === 180, 10_000);

    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect([...order.values()]).toEqual(Array.from({ length: 6 }, () => steps));
  });

  it('stores nothing of a resource behind an event that it could not store', async () => {
    const { transport, harness } = world();
    const seen: unknown[] = [];
    await transport.consume(options(), async (event) => void seen.push(event.data['step']));
    const events = [1, 2, 3].map((step) => anEvent({ step, ...(step === 2 ? { text: 'x'.repeat(maxMessageBytes) } : {}) }));

    const results = await transport.publish(events);
    const after = await transport.publish([anEvent({ step: 4 })]);
    await harness.until(() => seen.includes(4));

    expect(results.map(({ ok }) => ok)).toEqual([true, false, false]);
    expect(after.map(({ ok }) => ok)).toEqual([true]);
    expect(seen).toEqual([1, 4]);
  });

  it('shows events to observers by tenant and type, and a failing observer harms nobody', async () => {
    const { transport, harness } = world();
    const ofAcme: string[] = [];
    const sold: string[] = [];
    const handled: string[] = [];
    await transport.observe({}, () => {
      throw new Error('observer');
    });
    await transport.observe({ tenantId: acme }, (event) => ofAcme.push(event.id));
    await transport.observe({ types: ['demo.things.sold.v1'] }, (event) => sold.push(event.id));
    await transport.consume(
      options({ types: ['demo.things.made.v1', 'demo.things.sold.v1'] }),
      async (event) => void handled.push(event.id),
    );
    const [mine, theirs, theirSale] = [
      anEvent(),
      anEvent({}, { tenantid: globex }),
      anEvent({}, { tenantid: globex, type: 'demo.things.sold.v1' }),
    ];

    send(transport, mine, theirs, theirSale);
    await harness.until(() => handled.length === 3 && ofAcme.length === 1 && sold.length === 1);

    expect(ofAcme).toEqual([mine.id]);
    expect(sold).toEqual([theirSale.id]);
  });

  it('fails the publish of an event after closing, without throwing', async () => {
    const { transport } = world();
    const event = anEvent();
    await transport.close();

    const results = await transport.publish([event]);

    expect(results).toEqual([{ id: event.id, ok: false, error: expect.any(Error) }]);
    expect(transport.status().state).toBe('closed');
  });
}

function failureConformance(world: () => World): void {
  it('delivers again with growing waits and the attempt’s number', async () => {
    const { transport, harness } = world();
    const attempts: { attempt: number; at: number }[] = [];
    await transport.consume(options(), async (_, attempt) => {
      attempts.push({ attempt, at: harness.now() });
      if (attempt < 3) throw new Error('not yet');
    });

    send(transport, anEvent());
    await harness.until(() => attempts.length === 3);

    const waits = attempts.slice(1).map(({ at }, index) => at - (attempts[index]?.at ?? 0));
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(waits[0]).toBeGreaterThanOrEqual(95);
    expect(waits[1]).toBeGreaterThanOrEqual(295);
  });

  it('holds back later events of the resource meanwhile, and lets other resources and tenants pass', async () => {
    const { transport, harness } = world();
    const seen: unknown[] = [];
    await transport.consume(options(), async (event, attempt) => {
      if (event.data['name'] === 'first' && attempt < 3) throw new Error('not yet');
      seen.push(event.data['name']);
    });

    send(transport, anEvent({ name: 'first' }), anEvent({ name: 'second' }), anEvent({ name: 'third' }));
    send(
      transport,
      anEvent({ name: 'other thing' }, { subject: 'thing:2' }),
      anEvent({ name: 'other tenant' }, { tenantid: globex }),
    );
    await harness.until(() => seen.length === 5);

    expect(new Set(seen.slice(0, 2))).toEqual(new Set(['other tenant', 'other thing']));
    expect(seen.slice(2)).toEqual(['first', 'second', 'third']);
  });

  it('dead-letters with the reason after the last try, once, and goes on', async () => {
    const { transport, harness } = world();
    const letters: DeadLetter[] = [];
    const seen: unknown[] = [];
    const onDeadLetter = async (letter: DeadLetter) => void letters.push(letter);
    await transport.consume(options({ onDeadLetter }), async (event) => {
      if (event.data['poison'] === true) throw new Error('always');
      seen.push(event.data['name']);
    });
    const poison = anEvent({ poison: true });

    const sent = send(transport, poison, anEvent({ name: 'next' }));
    await harness.until(() => seen.length === 1 && sent.results.length === 2);

    expect(letters).toEqual([{ event: poison, durable: 'demo-first', attempts: 3, reason: 'always' }]);
    expect(sent.results.map((result) => result.ok)).toEqual([true, true]);
  });

  it('dead-letters at once what the handler calls undeliverable', async () => {
    const { transport, harness } = world();
    const letters: DeadLetter[] = [];
    const onDeadLetter = async (letter: DeadLetter) => void letters.push(letter);
    await transport.consume(options({ onDeadLetter }), () => Promise.reject(new Undeliverable('wrong shape')));

    send(transport, anEvent());
    await harness.until(() => letters.length === 1);

    expect(letters[0]).toMatchObject({ attempts: 1, reason: 'wrong shape' });
  });

  it('does not let go of an event whose dead letter cannot be kept', async () => {
    const { transport, harness } = world();
    const letters: DeadLetter[] = [];
    let refusals = 2;
    const onDeadLetter = async (letter: DeadLetter) => {
      if (refusals > 0) throw new Error(`the database is away (${(refusals -= 1)})`);
      letters.push(letter);
    };
    await transport.consume(options({ onDeadLetter, maxDeliver: 1 }), () => Promise.reject(new Error('always')));

    send(transport, anEvent());
    await harness.until(() => letters.length === 1, 20_000);

    expect(refusals).toBe(0);
    expect(letters[0]).toMatchObject({ reason: 'always' });
  });

  it('replays an event in the order of its resource and tells how it ended', async () => {
    const { transport, harness } = world();
    const letters: DeadLetter[] = [];
    const seen: string[] = [];
    let broken = true;
    const onDeadLetter = async (letter: DeadLetter) => void letters.push(letter);
    const consumer = await transport.consume(options({ onDeadLetter, maxDeliver: 1 }), async (event) => {
      if (broken) throw new Error('broken');
      seen.push(event.id);
    });
    const event = anEvent();
    send(transport, event);
    await harness.until(() => letters.length === 1);

    const stillBroken = consumer.replay(event);
    await expect(stillBroken).rejects.toThrow('broken');
    broken = false;
    await consumer.replay(event);

    expect(seen).toEqual([event.id]);
    expect(letters).toHaveLength(1);
  });

  it('counts a handler that does not finish in time as failed, and tells it by its signal', async () => {
    const { transport, harness } = world();
    const aborted: boolean[] = [];
    const finish = gate();
    let done = false;
    await transport.consume(options({ ackWaitMs: 500 }), async (_, attempt, signal) => {
      if (attempt === 2) return void (done = true);
      signal.addEventListener('abort', () => aborted.push(signal.aborted));
      await finish.passed;
    });

    send(transport, anEvent());
    await harness.until(() => done);
    finish.open();

    expect(aborted).toEqual([true]);
  });
}

function restartConformance(world: () => World): void {
  it('keeps what is published while nobody consumes', async () => {
    const { transport, harness } = world();
    const seen: unknown[] = [];
    const handler: EventHandler = async (event) => void seen.push(event.data['step']);
    const consumer = await transport.consume(options(), handler);
    send(transport, anEvent({ step: 1 }));
    await harness.until(() => seen.length === 1);

    await consumer.close();
    send(transport, anEvent({ step: 2 }), anEvent({ step: 3 }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual([1]);
    await transport.consume(options(), handler);
    await harness.until(() => seen.length === 3);

    expect(seen).toEqual([1, 2, 3]);
  });

  it('tells how far a durable is behind', async () => {
    const { transport, harness } = world();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let started = 0;
    await transport.consume({ durable: 'demo-behind', types: ['demo.things.made.v1'], concurrency: 1 }, async () => {
      started += 1;
      await gate;
    });
    const published = transport.publish([anEvent({}, { subject: 'thing:1' }), anEvent({}, { subject: 'thing:2' })]);
    await harness.until(() => started === 1);

    const behind = await transport.lag('demo-behind');
    open();
    await published;
    await harness.until(() => started === 2);
    let left = Number.NaN;
    await harness.until(() => {
      void transport.lag('demo-behind').then(({ waiting, delivered }) => (left = waiting + delivered));
      return left === 0;
    });

    expect(behind.waiting + behind.delivered).toBe(2);
    expect(behind.delivered).toBeGreaterThan(0);
    expect(left).toBe(0);
  });

  it('waits for running handlers when a consumer closes', async () => {
    const { transport, harness } = world();
    const [started, finish] = [gate(), gate()];
    let closed = false;
    const consumer = await transport.consume(options(), () => {
      started.open();
      return finish.passed;
    });
    const sent = send(transport, anEvent());
    await harness.until(() => started.isOpen());

    const closing = consumer.close().then(() => (closed = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(closed).toBe(false);
    finish.open();
    await closing;
    await harness.until(() => sent.results.length === 1);

    expect(sent.results).toMatchObject([{ ok: true }]);
  });

  it('lets two consumers of one durable share its events without doubling any', async () => {
    const { transport, harness } = world();
    const other = await harness.open();
    const seen: string[] = [];
    await transport.consume(options(), async (event) => void seen.push(event.id));
    await other.consume(options(), async (event) => void seen.push(event.id));
    const events = Array.from({ length: 30 }, (_, index) => anEvent({}, { subject: `thing:${index}` }));

    for (const event of events) send(transport, event);
    await harness.until(() => seen.length >= 30);

    expect([...seen].sort()).toEqual(events.map((event) => event.id).sort());
  });
}
