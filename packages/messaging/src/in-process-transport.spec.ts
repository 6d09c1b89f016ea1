import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@support101/testing';
import { InProcessTransport } from './in-process-transport.js';
import { anEvent, describeTransport } from './transport.conformance-spec.js';
import type { TransportHarness } from './transport-world.fixture-spec.js';

async function inProcess(): Promise<TransportHarness> {
  const clock = new VirtualClock();
  const transport = new InProcessTransport({ time: clock });
  transport.start();
  return {
    open: async () => transport,
    now: () => clock.now().getTime(),
    until: async (check, limitMs = 5_000) => {
      for (let passed = 0; !check(); passed += 10) {
        if (passed > limitMs) throw new Error(`not within ${limitMs} ms`);
        await clock.advance(10);
      }
    },
    close: () => transport.close(),
  };
}

describeTransport('InProcessTransport', inProcess);

describe('InProcessTransport', () => {
  it('keeps events back until it is started, for durables that are not there yet', async () => {
    const transport = new InProcessTransport({ time: new VirtualClock() });
    const seen: string[] = [];
    const event = anEvent();
    const published = transport.publish([event]);

    await transport.consume({ durable: 'demo-late', types: [event.type] }, async ({ id }) => void seen.push(id));
    expect(transport.status().state).toBe('starting');
    transport.start();

    expect(await published).toEqual([{ id: event.id, ok: true }]);
    expect(seen).toEqual([event.id]);
  });

  it('resolves a publish only when every durable has settled the event', async () => {
    const clock = new VirtualClock();
    const transport = new InProcessTransport({ time: clock });
    transport.start();
    let results: unknown;
    await transport.consume({ durable: 'demo-quick', types: ['demo.things.made.v1'] }, () => Promise.resolve());
    await transport.consume({ durable: 'demo-slow', types: ['demo.things.made.v1'], backoffMs: [1_000] }, async (_, attempt) => {
      if (attempt === 1) throw new Error('once');
    });
    void transport.publish([anEvent()]).then((value) => (results = value));

    await clock.advance(0);
    await clock.advance(999);
    expect(results).toBeUndefined();
    expect(transport.status().pending).toEqual({ 'demo-quick': 0, 'demo-slow': 1 });
    await clock.advance(1);

    expect(results).toMatchObject([{ ok: true }]);
  });

  it('fails the publish of what has not been handled when it closes, so that it stays in the outbox', async () => {
    const clock = new VirtualClock();
    const transport = new InProcessTransport({ time: clock });
    transport.start();
    const consumer = await transport.consume({ durable: 'demo-gone', types: ['demo.things.made.v1'] }, () => Promise.resolve());
    await consumer.close();
    const published = transport.publish([anEvent()]);

    await new Promise((resolve) => setImmediate(resolve));
    await transport.close();

    expect(await published).toMatchObject([{ ok: false }]);
  });

  it('refuses a second group on one subject', async () => {
    const transport = new InProcessTransport();
    await transport.serve('demo.things.make.v1', 'demo', async (message) => message);

    const second = transport.serve('demo.things.make.v1', 'other', async (message) => message);

    await expect(second).rejects.toThrow('already served');
  });

  it('lets a poisoned type pass at full speed beside a healthy one', async () => {
    const clock = new VirtualClock();
    const transport = new InProcessTransport({ time: clock });
    transport.start();
    let handled = 0;
    await transport.consume({ durable: 'demo-poison', types: ['demo.things.lost.v1'], concurrency: 2 }, () =>
      Promise.reject(new Error('always')),
    );
    await transport.consume(
      { durable: 'demo-fine', types: ['demo.things.made.v1'], concurrency: 2 },
      async () => void (handled += 1),
    );

    for (let index = 0; index < 500; index += 1) {
      void transport.publish([
        anEvent({}, { type: 'demo.things.lost.v1', subject: `thing:${index}` }),
        anEvent({}, { subject: `thing:${index}` }),
      ]);
    }
    await clock.advance(1);

    expect(handled).toBe(500);
  });
});
