import { afterAll, beforeAll } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually, nats, type TestServer } from '@support101/testing';
import { describeTransport } from '../transport.conformance-spec.js';
import type { TransportHarness } from '../transport-world.fixture-spec.js';
import type { Transport } from '../transport.js';
import { NatsTransport } from './nats-transport.js';

let server: TestServer;
beforeAll(async () => {
  server = await nats();
});
afterAll(() => server.close());

/** Empties the server. */
async function wipe(): Promise<void> {
  const nc = await connect({ servers: server.url });
  const jsm = await jetstreamManager(nc);
  for await (const stream of jsm.streams.list()) await jsm.streams.delete(stream.config.name);
  await nc.close();
}

async function overNats(): Promise<TransportHarness> {
  await wipe();
  const open: Transport[] = [];
  return {
    open: async () => {
      const transport = await NatsTransport.open({ url: server.url, name: 'test' });
      open.push(transport);
      return transport;
    },
    now: () => performance.now(),
    until: (check, limitMs = 10_000) => eventually(() => check(), limitMs).then(() => undefined),
    close: async () => {
      await Promise.all(open.map((transport) => transport.close()));
    },
  };
}

describeTransport('NatsTransport', overNats);
