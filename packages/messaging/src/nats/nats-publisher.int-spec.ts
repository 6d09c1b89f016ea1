import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { nats, type TestServer } from '@support101/testing';
import { acme, anEvent } from '../transport.conformance-spec.js';
import type { WireMessage } from '../transport.js';
import { NatsPublisher } from './nats-publisher.js';
import { NatsRequests } from './nats-requests.js';
import { ensureStreams, streamNames } from './nats-streams.js';

describe('NatsPublisher', () => {
  let server: TestServer;
  let nc: NatsConnection;
  let jsm: JetStreamManager;
  let requests: NatsRequests;

  beforeAll(async () => {
    server = await nats();
    nc = await connect({ servers: server.url });
    jsm = await jetstreamManager(nc);
    requests = new NatsRequests(nc);
  });
  beforeEach(() => ensureStreams(jsm, 1));
  afterEach(() => jsm.streams.delete(streamNames.events));
  afterAll(async () => {
    await nc?.close();
    await server?.close();
  });

  /** A publisher whose messages pass through `before`, which may put others in front of them or lose them. */
  function publisher(before: (sent: number) => void = () => undefined) {
    const sent: WireMessage[] = [];
    const flight = { events: 0, bytes: 0 };
    const most = { ...flight };
    const store = async (subject: string, message: WireMessage): Promise<number> => {
      before(sent.push(message));
      const takeOff = (events: number): void => {
        flight.events += events;
        flight.bytes += events * message.body.length;
        most.events = Math.max(most.events, flight.events);
        most.bytes = Math.max(most.bytes, flight.bytes);
      };
      takeOff(1);
      return requests.store(subject, message).finally(() => takeOff(-1));
    };
    const ports = { refusal: () => undefined, storeName: () => 'store', missing: () => undefined };
    return { publisher: new NatsPublisher({ requests: { store }, ...ports }), sent, most };
  }

  const stored = async (): Promise<unknown[]> => {
    const { state } = await jsm.streams.info(streamNames.events);
    const messages = Array.from({ length: state.messages }, (_, index) =>
      jsm.streams.getMessage(streamNames.events, { seq: state.first_seq + index }),
    );
    return (await Promise.all(messages)).map((message) => message?.json<{ data: { step: unknown } }>().data.step);
  };
  const events = [1, 2, 3, 4].map((step) => anEvent({ step }));
  const intruder = (step: string) =>
    nc.publish(`support101.v1.${acme}.demo.things.made`, JSON.stringify(anEvent({ step }, { subject: 'thing:other' })));

  it('sends all of a resource at once', async () => {
    const { publisher: publishing, sent } = publisher();

    const results = await publishing.publish(events, []);

    expect(results.map(({ id, ok }) => [id, ok])).toEqual(events.map(({ id }) => [id, true]));
    expect(await stored()).toEqual([1, 2, 3, 4]);
    expect(sent.map(({ headers }) => headers['Nats-Expected-Last-Msg-Id'])).toEqual([
      undefined,
      ...events.slice(0, 3).map(({ id }) => id),
    ]);
  });

  it('has no more than so many, and so much, on its way at a time', async () => {
    const large = Array.from({ length: 5 }, (_, step) => anEvent({ step, text: 'x'.repeat(400_000) }));
    const many = Array.from({ length: 100 }, (_, step) => anEvent({ step }));
    const { publisher: publishing, most } = publisher();

    const results = await publishing.publish([...large, ...many], []);

    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(await stored()).toEqual([...large, ...many].map(({ data }) => data['step']));
    expect(most.events).toBe(32);
    expect(most.bytes).toBeGreaterThan(400_000);
    expect(most.bytes).toBeLessThanOrEqual(1_048_576);
  });

  it('goes on one by one where another message came in between', async () => {
    const { publisher: publishing, sent } = publisher((count) => count === 3 && intruder('other'));

    const results = await publishing.publish(events, []);

    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect(await stored()).toEqual([1, 2, 'other', 3, 4]);
    expect(sent).toHaveLength(6);
  });

  it('stores nothing behind one that is lost on the way', async () => {
    const { publisher: publishing } = publisher((count) => {
      if (count === 2) throw new Error('lost');
    });

    const results = await publishing.publish(events, []);

    expect(results.map((result) => (result.ok ? 'ok' : result.error.message))).toEqual(['ok', 'lost', 'lost', 'lost']);
    expect(await stored()).toEqual([1]);
  });

  it('does not wait for the order of what is stored already', async () => {
    const { publisher: publishing } = publisher();
    await publishing.publish(events.slice(0, 3), []);
    intruder('other');

    const results = await publishing.publish(events, []);

    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect(await stored()).toEqual([1, 2, 3, 'other', 4]);
  });
});
