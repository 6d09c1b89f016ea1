import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@support101/testing';
import { copiesOf, EventLanes } from './event-lanes.js';
import { silentLog } from './messaging-log.js';
import { anEvent } from './transport.conformance-spec.js';
import type { EventHandler } from './transport.js';

const options = { durable: 'demo-things', types: ['demo.things.made.v1'], backoffMs: [100], maxDeliver: 2 };
const reason = new Error('not the one that consumes any more');
const turns = () => new Promise((resolve) => setImmediate(resolve));

/** Lanes with one consumer; its deliveries end when they are let, with an error or without. */
function lanes(mayDeliver?: () => boolean) {
  const clock = new VirtualClock();
  const lanes = new EventLanes(options, clock, silentLog, mayDeliver);
  const calls: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const handler: EventHandler = (event, attempt, signal) => {
    const call = `${String(event.data['step'])} try ${attempt}`;
    calls.push(call);
    signal.addEventListener('abort', () => calls.push(`${call} aborted`));
    return new Promise((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error))));
  };
  lanes.attach(options, handler);
  const settled: string[] = [];
  const take = (step: number, replay = false) =>
    void lanes.take('thing:1', copiesOf(JSON.stringify(anEvent({ step }))), { replay }).then(
      () => settled.push(`${step} done`),
      (error: Error) => settled.push(`${step} ${error.message}`),
    );
  const end = async (error?: Error) => {
    ends.shift()?.(error);
    await turns();
  };
  return { lanes, clock, calls, settled, take, end };
}

describe('EventLanes', () => {
  it('that are paused abort what runs, and hand it on again first, as if it had not been tried', async () => {
    const { lanes: paused, calls, settled, take, end } = lanes();
    take(1);
    take(2);
    await turns();

    paused.pause(reason);
    await end();
    expect([calls, settled]).toEqual([['1 try 1', '1 try 1 aborted'], []]);
    paused.resume();
    await turns();
    await end();
    await end();

    expect(calls.slice(2)).toEqual(['1 try 1', '2 try 1']);
    expect(settled).toEqual(['1 done', '2 done']);
  });

  it('do not begin again while what was aborted still runs', async () => {
    const { lanes: paused, calls, take, end } = lanes();
    take(1);
    await turns();

    paused.pause(reason);
    paused.resume();
    await turns();
    expect(calls).toEqual(['1 try 1', '1 try 1 aborted']);
    await end();

    expect(calls).toEqual(['1 try 1', '1 try 1 aborted', '1 try 1']);
  });

  it('that drop what they hold reject it, and mix nothing of it with what comes after', async () => {
    const { lanes: dropped, clock, calls, settled, take, end } = lanes();
    take(1);
    take(2);
    await turns();
    await end(new Error('try again'));

    dropped.drop(reason);
    await turns();
    expect([settled, dropped.pending]).toEqual([[`1 ${reason.message}`, `2 ${reason.message}`], 0]);
    take(3);
    take(4);
    await clock.advance(1_000);
    await end();

    expect(calls).toEqual(['1 try 1', '3 try 1', '4 try 1']);
    expect([settled.slice(2), dropped.pending]).toEqual([['3 done'], 1]);
  });

  it('go on with what came after a drop when what ran before it ends', async () => {
    const { lanes: dropped, calls, settled, take, end } = lanes();
    take(1);
    await turns();
    dropped.drop(reason);
    take(2);
    take(3);
    await turns();

    await end();

    expect([calls, settled, dropped.pending]).toEqual([['1 try 1', '2 try 1'], [`1 ${reason.message}`], 2]);
  });

  it('do not count what ended when they may not deliver any more', async () => {
    let may = true;
    const { lanes: asking, calls, settled, take, end } = lanes(() => may);
    take(1);
    await turns();

    may = false;
    await end();
    expect(settled).toEqual([]);
    may = true;
    asking.resume();
    await turns();

    expect(calls).toEqual(['1 try 1', '1 try 1']);
  });

  it('ask before each delivery, and leave a replay that runs alone', async () => {
    let may = true;
    const { lanes: asking, calls, settled, take, end } = lanes(() => may);
    take(1, true);
    take(2);
    await turns();

    may = false;
    asking.pause(reason);
    await end();
    expect([calls, settled]).toEqual([['1 try 1'], ['1 done']]);
    asking.resume();
    await turns();
    expect(calls).toEqual(['1 try 1']);
    may = true;
    asking.resume();
    await turns();

    expect(calls).toEqual(['1 try 1', '2 try 1']);
  });
});
