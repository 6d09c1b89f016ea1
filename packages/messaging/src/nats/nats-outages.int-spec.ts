import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AckPolicy,
  DeliverPolicy,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, nats, type TestServer, Wire } from '@support101/testing';
import { acme, anEvent, globex } from '../transport.conformance-spec.js';
import type { ConsumeOptions, Transport } from '../transport.js';
import { streamNames } from './nats-streams.js';
import { NatsTransport } from './nats-transport.js';

let server: TestServer;
let outsider: NatsConnection;
let jsm: JetStreamManager;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  server = await nats();
  outsider = await connect({ servers: server.url });
  jsm = await jetstreamManager(outsider);
});
afterAll(async () => {
  await outsider.close();
  await server.close();
});
beforeEach(wipe);
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** What is left of a server whose disk was replaced. */
async function wipe(): Promise<void> {
  for await (const stream of jsm.streams.list()) await jsm.streams.delete(stream.config.name);
}

async function transportTo(url = server.url): Promise<Transport> {
  const transport = await NatsTransport.open({ url, name: 'test', connectWithinMs: 2_000 });
  open.push(transport);
  return transport;
}

async function layWire(): Promise<Wire> {
  const wire = await Wire.lay(server.url);
  open.push(wire);
  return wire;
}

const options = (overrides: Partial<ConsumeOptions> = {}): ConsumeOptions => ({
  durable: 'demo-things',
  types: ['demo.things.made.v1'],
  backoffMs: [50],
  maxDeliver: 3,
  ...overrides,
});
const hello = { body: '{}', headers: {} };

describe('NatsTransport', () => {
  it('tells the truth while NATS is away, fails fast, and recovers by itself', async () => {
    const wire = await layWire();
    const transport = await transportTo(wire.url);
    const seen: string[] = [];
    await transport.serve('demo.things.make.v1', 'demo', async (message) => message);
    await transport.consume(options(), async (event) => void seen.push(event.id));
    const [lost, found] = [anEvent(), anEvent()];
    expect(transport.status()).toMatchObject({ kind: 'nats', state: 'up', detail: expect.stringContaining('nats-server') });

    wire.cut();
    await eventually(() => transport.status().state === 'down');
    await expect(transport.request('demo.things.make.v1', hello, { timeoutMs: 30_000 })).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    expect(await transport.publish([lost])).toMatchObject([{ ok: false }]);

    wire.mend();
    await eventually(() => transport.status().state === 'up', 10_000);
    expect(await transport.publish([found])).toMatchObject([{ ok: true }]);
    await transport.request('demo.things.make.v1', hello, { timeoutMs: 5_000 });
    await eventually(() => seen.length > 0, 10_000);
    expect(seen).toEqual([found.id]);
  });

  it('keeps the order of a resource while two processes consume one durable', async () => {
    const [first, second] = [await transportTo(), await transportTo()];
    const seen: [string, unknown][] = [];
    const handler = async (event: { subject: string; data: Record<string, unknown> }) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.push([event.subject, event.data['step']]);
    };
    await first.consume(options(), handler);
    await second.consume(options(), handler);
    const steps = Array.from({ length: 30 }, (_, step) => step);

    await Promise.all(
      ['a', 'b', 'c'].map((thing) => first.publish(steps.map((step) => anEvent({ step }, { subject: `thing:${thing}` })))),
    );
    await eventually(() => seen.length === 90, 15_000);

    for (const thing of ['a', 'b', 'c']) {
      expect(seen.filter(([subject]) => subject === `thing:${thing}`).map(([, step]) => step)).toEqual(steps);
    }
  });

  it('goes on after the server has lost everything', async () => {
    const transport = await transportTo();
    const seen: string[] = [];
    await transport.consume(options(), async (event) => void seen.push(event.id));
    const [before, after] = [anEvent(), anEvent()];
    await transport.publish([before]);
    await eventually(() => seen.length === 1);

    await wipe();
    await eventually(async () => (await transport.publish([after]))[0]?.ok === true, 15_000);
    await eventually(() => seen.length === 2, 20_000);

    expect(seen).toEqual([before.id, after.id]);
  }, 60_000);

  it('leaves out what is no event of ours, and goes on', async () => {
    const transport = await transportTo();
    const seen: string[] = [];
    const types = ['demo.things.made.v1', 'demo.other.made.v1'];
    await transport.consume(options({ types }), async (event) => void seen.push(event.type));
    const subject = `support101.v1.${acme}.demo.things.made`;

    for (const body of ['', 'no json', '[]', '{"specversion":"1.0"}']) outsider.publish(subject, body);
    const results = await transport.publish([anEvent({}, { type: 'demo.others.made.v1' }), anEvent()]);
    await eventually(() => seen.length > 0);

    expect(results).toMatchObject([{ ok: true }, { ok: true }]);
    expect(seen).toEqual(['demo.things.made.v1']);
    await eventually(() => transport.status().pending['demo-things'] === 0);
  });

  it('refuses ids that would be wildcards in a subject', async () => {
    const transport = await transportTo();
    const tenants = ['*', '>', 'ten_1.ten_2', 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1 '] as (typeof acme)[];

    const results = await transport.publish(tenants.map((tenantid) => anEvent({}, { tenantid })));

    expect(results.map((result) => result.ok)).toEqual([false, false, false, false]);
  });

  it('is heard by an outside subscriber, tenant by tenant', async () => {
    const transport = await transportTo();
    const heard: string[] = [];
    outsider.subscribe(`support101.v1.${acme}.>`, { callback: (_, message) => void heard.push(message.subject), max: 1 });
    await outsider.flush();

    await transport.publish([anEvent({}, { tenantid: globex }), anEvent()]);
    await eventually(() => heard.length === 1);

    expect(heard).toEqual([`support101.v1.${acme}.demo.things.made`]);
  });

  it('takes a changed list of types without losing its place', async () => {
    const transport = await transportTo();
    const seen: string[] = [];
    const handler = async (event: { type: string }) => void seen.push(event.type);
    const consumer = await transport.consume(options(), handler);
    await transport.publish([anEvent()]);
    await eventually(() => seen.length === 1);
    await consumer.close();

    await transport.publish([anEvent()]);
    await transport.consume(options({ types: ['demo.things.made.v1', 'demo.items.sold.v1'] }), handler);
    await transport.publish([anEvent({}, { type: 'demo.items.sold.v1', subject: 'item:1' })]);
    await eventually(() => seen.length === 3);

    expect(seen.toSorted()).toEqual(['demo.items.sold.v1', 'demo.things.made.v1', 'demo.things.made.v1']);
  });

  it('brings a consumer of an earlier version to the filters of today, on its place', async () => {
    const first = await transportTo();
    await first.publish([anEvent(), anEvent({}, { type: 'demo.items.sold.v1' }), anEvent({}, { type: 'other.items.made.v1' })]);
    await jsm.consumers.add(streamNames.events, {
      durable_name: 'demo-things',
      filter_subject: 'support101.v1.*.*.*.*',
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
    });
    const seen: string[] = [];

    const types = ['demo.things.made.v1', 'demo.items.sold.v1'];
    await first.consume(options({ types }), async (event) => void seen.push(event.type));
    await eventually(() => seen.length === 2);
    await eventually(async () => (await jsm.consumers.info(streamNames.events, 'demo-things')).num_pending === 0);

    const { config } = await jsm.consumers.info(streamNames.events, 'demo-things');
    const exact = ['support101.v1.*.demo.items.sold', 'support101.v1.*.demo.things.made'];
    const old = outsider.info?.version.startsWith('2.9.') === true;
    const one = config.filter_subject ?? '';
    expect([one, config.filter_subjects]).toEqual(old ? ['support101.v1.*.demo.*.*', undefined] : ['', exact]);
    expect(seen.toSorted()).toEqual(types.toSorted());
  });

  it('does not start on a stream that cannot be what it must be', async () => {
    await jsm.streams.add({
      name: streamNames.events,
      subjects: ['support101.v1.>'],
      storage: StorageType.Memory,
      retention: RetentionPolicy.Limits,
    });

    await expect(transportTo()).rejects.toThrow(/storage|SUPPORT101_EVENTS/);
  });

  it('names the server that does not answer, without credentials', async () => {
    const nowhere = NatsTransport.open({ url: 'nats://ann:secret@127.0.0.1:1', name: 'test', connectWithinMs: 300 });

    const error = await nowhere.catch((thrown: unknown) => thrown);

    expect(String(error)).toContain('127.0.0.1:1');
    expect(String(error)).not.toContain('secret');
  });
});
