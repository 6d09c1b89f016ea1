import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, nats, type TestServer, Wire } from '@support101/testing';
import { anEvent } from '../transport.conformance-spec.js';
import type { ConsumeOptions, EventHandler, Transport } from '../transport.js';
import { leaseSubject, streamNames } from './nats-streams.js';
import { NatsTransport } from './nats-transport.js';

// Who consumes a durable changes: of a resource nothing is overtaken, and never do two work on it.

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
beforeEach(async () => {
  for await (const stream of jsm.streams.list()) await jsm.streams.delete(stream.config.name);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

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

const options: ConsumeOptions = { durable: 'demo-things', types: ['demo.things.made.v1'], backoffMs: [50], maxDeliver: 3 };
const steps = (...numbers: number[]) => numbers.map((step) => anEvent({ step }));

/** Notes what it is given; the first one it goes on with only when it is let, whatever it is told meanwhile. */
function slowFirst(name: string, calls: string[]): { handler: EventHandler; finish(): void } {
  const finished = Promise.withResolvers<void>();
  const handler: EventHandler = (event, _attempt, signal) => {
    calls.push(`${name} ${String(event.data['step'])}`);
    if (calls.length > 1) return Promise.resolve();
    signal.addEventListener('abort', () => calls.push(`${name} aborted`));
    return finished.promise;
  };
  return { handler, finish: finished.resolve };
}

describe('a process that was killed', () => {
  it('gives what a killed process held to another one within seconds, in order', async () => {
    const wire = await layWire();
    const [dying, surviving] = [await transportTo(wire.url), await transportTo()];
    const started: unknown[] = [];
    const seen: unknown[] = [];
    const finish = Promise.withResolvers<void>();
    await dying.consume(options, (event) => {
      started.push(event.data['step']);
      return finish.promise;
    });
    await surviving.consume(options, async (event) => void seen.push(event.data['step']));
    await surviving.publish([anEvent({ step: 1 })]);
    await eventually(() => started.length === 1);

    wire.cut();
    // What comes now waits for what the dead one had.
    await surviving.publish([2, 3].map((step) => anEvent({ step })));
    await eventually(() => seen.length === 3, 20_000);

    expect(seen).toEqual([1, 2, 3]);
    finish.resolve();
  }, 60_000);

  it('gives it in order to a process that begins only when the lease of the killed one is over', async () => {
    const wire = await layWire();
    const [dying, surviving] = [await transportTo(wire.url), await transportTo()];
    const started: unknown[] = [];
    const seen: unknown[] = [];
    const finish = Promise.withResolvers<void>();
    await dying.consume(options, (event) => {
      started.push(event.data['step']);
      return finish.promise;
    });
    await surviving.publish([anEvent({ step: 1 })]);
    await eventually(() => started.length === 1);

    wire.cut();
    await surviving.publish([2, 3].map((step) => anEvent({ step })));
    // The last sign was given before; the lease is over, but not yet the time of what was delivered.
    await new Promise((resolve) => setTimeout(resolve, 4_100));
    await surviving.consume(options, async (event) => void seen.push(event.data['step']));
    await eventually(() => seen.length === 3, 20_000);

    expect(seen).toEqual([1, 2, 3]);
    finish.resolve();
  }, 60_000);
});

describe('a process that cannot tell any more that it lives', () => {
  it('stops at once, leaves what it held to the next one, and begins again in its turn', async () => {
    const wire = await layWire();
    const [cut, other] = [await transportTo(wire.url), await transportTo()];
    const calls: string[] = [];
    const { handler, finish } = slowFirst('cut', calls);
    await cut.consume(options, handler);
    const turn = await other.consume(options, async ({ data }) => void calls.push(`other ${String(data['step'])}`));
    await other.publish(steps(1, 2, 3));
    await eventually(() => calls.length === 1 && cut.status().pending['demo-things'] === 3);

    wire.cut();
    await eventually(() => calls.includes('other 3'), 30_000);
    finish();
    wire.mend();
    await eventually(() => cut.status().pending['demo-things'] === 0, 30_000);
    await other.publish(steps(4));
    await eventually(() => calls.includes('other 4'));
    await turn.close();
    await other.publish(steps(5));
    await eventually(() => calls.includes('cut 5'));

    expect(calls).toEqual(['cut 1', 'cut aborted', 'other 1', 'other 2', 'other 3', 'other 4', 'cut 5']);
  }, 90_000);

  it('acknowledges nothing more when somebody else was faster, though it is heard', async () => {
    const transport = await transportTo();
    const calls: string[] = [];
    const { handler, finish } = slowFirst('call', calls);
    await transport.consume(options, handler);
    await transport.publish(steps(1, 2, 3));
    await eventually(() => calls.length === 1 && transport.status().pending['demo-things'] === 3);

    outsider.publish(leaseSubject('demo-things'), 'somebody else, who is killed at once');
    await eventually(() => calls.includes('call aborted'));
    finish();
    await eventually(() => calls.includes('call 3'), 30_000);

    expect(calls).toEqual(['call 1', 'call aborted', 'call 1', 'call 2', 'call 3']);
  }, 60_000);

  it('goes on with what it holds when nobody else was there meanwhile', async () => {
    const transport = await transportTo();
    const calls: string[] = [];
    const { handler, finish } = slowFirst('call', calls);
    await transport.consume(options, handler);
    await transport.publish(steps(1, 2, 3));
    await eventually(() => calls.length === 1 && transport.status().pending['demo-things'] === 3);

    const { config } = await jsm.streams.info(streamNames.leases);
    await jsm.streams.delete(streamNames.leases);
    await eventually(() => calls.includes('call aborted'));
    await jsm.streams.add(config);
    finish();
    await eventually(() => calls.includes('call 3'), 30_000);

    expect(calls).toEqual(['call 1', 'call aborted', 'call 1', 'call 2', 'call 3']);
  }, 60_000);

  it('does not count what it did while it stood still', async () => {
    const transport = await transportTo();
    const calls: string[] = [];
    await transport.consume(options, async ({ data }) => {
      calls.push(`call ${String(data['step'])}`);
      if (calls.length > 1) return;
      await eventually(() => transport.status().pending['demo-things'] === 2);
      const until = performance.now() + 3_100;
      while (performance.now() < until);
    });

    await transport.publish(steps(1, 2));
    await eventually(() => calls.includes('call 2'), 30_000);

    expect(calls).toEqual(['call 1', 'call 1', 'call 2']);
  }, 60_000);
});
