import { describe, expect, it } from '@jest/globals';
import type { EventEnvelope, EventId } from '@support101/contracts';
import { eventually } from '@support101/testing';
import { OutboxLanes, type BornEvent } from './outbox-lanes.js';
import { anEvent } from './transport.conformance-spec.js';

const leaseMs = 3_000;

/** Lanes with a clock and a transport that the test moves. */
function world(gatherMs = 0) {
  let now = 0;
  const published: string[] = [];
  const returned: string[] = [];
  const failing = new Set<string>();
  const asked: { names: string[]; finish: () => void }[] = [];
  const nameOf = (event: EventEnvelope) => event.correlationid;
  const lanes = new OutboxLanes(
    { leaseMs, gatherMs },
    {
      now: () => now,
      hold: () => undefined,
      publish: async (held) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        asked.push({ names: held.map(({ event }) => nameOf(event)), finish: resolve });
        await promise;
        const wrong = held.findIndex(({ event }) => failing.has(nameOf(event)));
        return held.map(({ event: { id } }, index) => {
          return wrong >= 0 && index >= wrong ? { id, ok: false, error: new Error('away') } : { id, ok: true };
        });
      },
      settled: (done, back) => {
        published.push(...done.map(({ held }) => nameOf(held.event)));
        returned.push(...back.map(({ held, error }) => nameOf(held.event) + (error === undefined ? '' : '!')));
      },
    },
  );
  const idOf = (name: string): EventId => `evt_${name}`;
  const born = (name: string, behind?: string): BornEvent => {
    const event = anEvent({}, { id: idOf(name), correlationid: name, subject: `thing:${name[0]}` });
    return {
      event,
      text: '',
      owner: 'me',
      attempts: 1,
      until: now + leaseMs,
      behind: behind === undefined ? undefined : idOf(behind),
    };
  };
  const finish = async () => {
    asked.at(-1)?.finish();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const expectAll = (...names: string[]) => lanes.expect(names.map(idOf));
  const forget = (name: string) => lanes.forget([idOf(name)]);
  return { lanes, born, expectAll, forget, finish, failing, asked, published, returned, pass: (ms: number) => (now += ms) };
}

describe('OutboxLanes', () => {
  it('publishes one resource after the other’s answer, and different ones at once', async () => {
    const { lanes, born, asked, finish, published } = world();

    lanes.take([born('a1'), born('a2', 'a1'), born('b1')]);
    lanes.take([born('a3', 'a2')]);
    expect(asked.map(({ names }) => names)).toEqual([['a1', 'a2'], ['b1']]);
    asked[0]?.finish();
    await finish();
    await finish();

    expect(asked.map(({ names }) => names)).toEqual([['a1', 'a2'], ['b1'], ['a3']]);
    expect(published).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  it('publishes the first after a while at once, and those of the next moment together', async () => {
    const { lanes, born, asked } = world(20);

    lanes.take([born('a1'), born('b1')]);
    for (const name of ['c1', 'd1']) lanes.take([born(name)]);
    lanes.take([born('c2', 'c1')]);
    expect(asked.map(({ names }) => names)).toEqual([['a1'], ['b1']]);

    await eventually(() => expect(asked.slice(2).map(({ names }) => names)).toEqual([['c1', 'c2'], ['d1']]));
  });

  it('publishes together what comes to a resource while others of it are on their way, and for a moment after', async () => {
    const { lanes, born, asked } = world(20);
    lanes.take([born('a1')]);
    lanes.take([born('a2', 'a1')]);

    asked[0]?.finish();
    await new Promise((resolve) => setImmediate(resolve));
    lanes.take([born('a3', 'a2')]);
    expect(asked.map(({ names }) => names)).toEqual([['a1']]);

    await eventually(() => expect(asked.slice(1).map(({ names }) => names)).toEqual([['a2', 'a3']]));
  });

  it('gives back what it gathers when it is closed', async () => {
    const { lanes, born, asked, returned } = world(20);
    lanes.take([born('a1')]);
    lanes.take([born('b1')]);

    lanes.close();
    await new Promise((resolve) => setTimeout(resolve, 40));
    lanes.take([born('c1')]);

    expect(returned).toEqual(['b1', 'c1']);
    expect(asked).toHaveLength(1);
  });

  it('waits for what goes before, in whatever order commits become known', async () => {
    const { lanes, born, expectAll, asked } = world();
    expectAll('a1', 'a2', 'a3');
    const [first, second, third] = [born('a1'), born('a2', 'a1'), born('a3', 'a2')];

    lanes.take([third]);
    lanes.take([second]);
    expect(asked).toEqual([]);
    lanes.take([first]);

    expect(asked.map(({ names }) => names)).toEqual([['a1', 'a2', 'a3']]);
  });

  it('does not wait for what is marked', () => {
    const { lanes, born, expectAll, forget, asked } = world();
    expectAll('a1');
    forget('a1');

    lanes.take([born('a2', 'a1')]);

    expect(asked.map(({ names }) => names)).toEqual([['a2']]);
  });

  it('gives back what failed and all behind it, also what comes later', async () => {
    const { lanes, born, expectAll, failing, finish, published, returned } = world();
    expectAll('a4', 'a5');
    failing.add('a2');
    lanes.take([born('a1')]);
    lanes.take([born('a2', 'a1'), born('a3', 'a2')]);
    lanes.take([born('a5', 'a4')]);

    await finish();
    await finish();
    lanes.take([born('a4', 'a3')]);

    expect(published).toEqual(['a1']);
    expect(returned).toEqual(['a2!', 'a3', 'a4', 'a5']);
  });

  it('gives back what waits behind a commit that stays unknown, once that row is anybody’s', () => {
    const { lanes, born, expectAll, asked, returned, pass } = world();
    expectAll('a1');
    pass(leaseMs - 1);
    lanes.take([born('a2', 'a1')]);
    lanes.sweep();
    expect(returned).toEqual([]);

    pass(leaseMs + 1);
    lanes.sweep();

    expect(returned).toEqual(['a2']);
    expect(asked).toEqual([]);
  });

  it('gives back what comes when its claim is nearly over', () => {
    const { lanes, born, asked, returned, pass } = world();
    const late = born('a1');

    pass((leaseMs * 2) / 3 + 1);
    lanes.take([late]);

    expect(returned).toEqual(['a1']);
    expect(asked).toEqual([]);
  });

  it('forgets what it gave back when nothing can stand behind it any more', () => {
    const { lanes, born, returned, asked, pass } = world();
    const late = born('a1');
    pass(leaseMs);
    lanes.take([late]);
    lanes.sweep();
    lanes.take([born('a2', 'a1')]);
    expect(returned).toEqual(['a1', 'a2']);

    pass(2 * leaseMs);
    lanes.sweep();
    lanes.take([born('a3', 'a1')]);

    expect(asked.map(({ names }) => names)).toEqual([['a3']]);
  });

  it('gives back on closing what is not being published, and all that comes later', async () => {
    const { lanes, born, expectAll, finish, published, returned } = world();
    expectAll('b1');
    lanes.take([born('a1')]);
    lanes.take([born('a2', 'a1'), born('b2', 'b1')]);

    lanes.close();
    lanes.take([born('b1'), born('c1')]);
    await finish();
    await Promise.all(lanes.working);

    expect(returned).toEqual(['a2', 'b2', 'b1', 'c1']);
    expect(published).toEqual(['a1']);
  });
});
