import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsMsg } from '@nats-io/jetstream';
import { eventually } from '@support101/testing';
import { NatsInheritance } from './nats-inheritance.js';

const open: NatsInheritance[] = [];
afterEach(() => open.splice(0).forEach((inheritance) => inheritance.end()));

/** Of the messages up to number 5, two are outstanding; the server says of how many it thinks so, besides. */
function inherit(elsewhere: () => number | Promise<number>) {
  const complete: [number[], boolean][] = [];
  const inheritance = new NatsInheritance(
    { missing: 2, upTo: 5 },
    {
      elsewhere: async () => elsewhere(),
      onComplete: (messages, overdue) => complete.push([messages.map(({ seq }) => seq), overdue]),
    },
  );
  open.push(inheritance);
  const come = (...numbers: number[]) => numbers.forEach((seq) => inheritance.keep({ seq } as JsMsg));
  return { come, complete };
}

describe('NatsInheritance', () => {
  it('keeps what comes until all that is outstanding has come, and gives it in the order of the stream', () => {
    const { come, complete } = inherit(() => 2);

    come(7, 5, 6, 5);
    expect(complete).toEqual([]);
    come(3);

    expect(complete).toEqual([[[3, 5, 6, 7], false]]);
  });

  it('is complete when the server says that nothing is outstanding but what has come', async () => {
    let elsewhere = 4;
    let asked = 0;
    const { come, complete } = inherit(() => {
      asked += 1;
      return elsewhere;
    });

    come(5, 6);
    await eventually(() => asked > 0);
    expect(complete).toEqual([]);
    elsewhere = 2;
    await eventually(() => complete.length > 0);

    expect(complete).toEqual([[[5, 6], false]]);
  });

  it('does not count what comes while the server is asked', async () => {
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<number>()];
    const { come, complete } = inherit(() => {
      asked.resolve();
      return answer.promise;
    });

    await asked.promise;
    come(6);
    answer.resolve(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(complete).toEqual([]);
    come(3, 5);

    expect(complete).toEqual([[[3, 5, 6], false]]);
  });
});
