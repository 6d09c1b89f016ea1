import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, nats, type TestServer } from '@support101/testing';
import { callerOf, deliveryOf, effect, onBothEngines, thingMade } from '../both-engines.fixture-spec.js';
import { Inbox } from '../inbox.js';
import { OutboxRelay } from '../outbox-relay.js';
import { Outbox } from '../outbox.js';
import { acme } from '../transport.conformance-spec.js';
import { streamNames } from './nats-streams.js';
import { NatsTransport } from './nats-transport.js';

let server: TestServer;
let outsider: NatsConnection;
let jsm: JetStreamManager;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await nats();
  outsider = await connect({ servers: server.url });
  jsm = await jetstreamManager(outsider);
});
afterAll(async () => {
  await outsider.close();
  await server.close();
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function wipe(): Promise<void> {
  for await (const stream of jsm.streams.list()) await jsm.streams.delete(stream.config.name);
}

onBothEngines('outbox, NATS and inbox', (world) => {
  async function boot() {
    await wipe();
    const { database } = world();
    const transport = await NatsTransport.open({ url: server.url, name: 'test' });
    const relay = new OutboxRelay({ database, transport, pollMs: 50 });
    await relay.start();
    closers.push(
      () => transport.close(),
      () => relay.close(),
    );
    const inbox = new Inbox(database);
    const deliveries: number[] = [];
    const consume = () =>
      transport.consume({ durable: 'demo-things', types: [thingMade.type] }, async (event) => {
        deliveries.push(event.data['step'] as number);
        await inbox.once(deliveryOf(event), (tx) => effect(tx, `${event.subject} ${String(event.data['step'])}`));
      });
    const outbox = new Outbox('demo', relay);
    const record = (step: number) =>
      database.forTenant(acme, (tx) => outbox.record(tx, thingMade, { thing: 'a', step }, callerOf(acme)));
    return { transport, consume, record, deliveries };
  }
  const unpublished = async () => (await world().rows('select 1 from outbox where published_at is null')).length;

  it('bring each effect about once, in order', async () => {
    const { consume, record } = await boot();
    await consume();
    const steps = Array.from({ length: 20 }, (_, step) => step);

    for (const step of steps) await record(step);
    await eventually(async () => (await world().effects()).length === 20, 15_000);

    expect(await world().effects()).toEqual(steps.map((step) => `thing:a ${step}`));
  });

  it('lose nothing when the server loses everything: handled or not, each effect happens once', async () => {
    const { consume, record } = await boot();
    const consumer = await consume();
    for (const step of [1, 2]) await record(step);
    await eventually(async () => (await world().effects()).length === 2, 10_000);
    await consumer.close();
    for (const step of [3, 4]) await record(step);
    await eventually(async () => (await unpublished()) === 0, 10_000);

    await jsm.streams.delete(streamNames.events);
    await record(5);
    await eventually(async () => (await unpublished()) === 0, 10_000);
    await consume();
    await eventually(async () => (await world().effects()).length === 5, 15_000);

    expect((await world().effects()).toSorted()).toEqual([1, 2, 3, 4, 5].map((step) => `thing:a ${step}`));
  });
});
