import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Count, limitHeaders, take, windowMs } from './limits.rules.js';

const start = 1_000 * windowMs;

function burst(limit: number, times: readonly number[]): boolean[] {
  let count: Count | undefined;
  return times.map((time) => {
    const verdict = take(limit, count, time);
    count = verdict.count;
    return verdict.allowed;
  });
}

describe('take', () => {
  it('lets the limit through and no more within one window', () => {
    expect(
      burst(
        3,
        [0, 1, 2, 3, 4].map((ms) => start + ms),
      ),
    ).toEqual([true, true, true, false, false]);
  });

  it('lets no double burst through at the turn of a window', () => {
    const end = start + windowMs - 1;

    expect(burst(3, [end, end, end, end + 1, end + 2])).toEqual([true, true, true, false, false]);
  });

  it('is open again after the time it told', () => {
    let count: Count | undefined;
    for (let request = 0; request < 3; request += 1) count = take(3, count, start).count;
    const refused = take(3, count, start + 10_000);

    expect(take(3, refused.count, start + 10_000 + refused.resetSeconds * 1000 + 20_000).allowed).toBe(true);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
  });

  it('forgets what is more than two windows ago', () => {
    const { count } = take(1, undefined, start);

    expect(take(1, count, start + 2 * windowMs).allowed).toBe(true);
  });

  it('never lets more than the limit through in one calendar window', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }),
        (limit, gaps) => {
          let now = start;
          const times = gaps.map((gap) => (now += gap));
          const allowed = burst(limit, times);
          const perWindow = new Map<number, number>();
          times.forEach((time, index) => {
            if (allowed[index] === true)
              perWindow.set(Math.floor(time / windowMs), (perWindow.get(Math.floor(time / windowMs)) ?? 0) + 1);
          });

          expect(Math.max(0, ...perWindow.values())).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  it('says how it stands in the headers', () => {
    expect(limitHeaders(100, take(100, undefined, start))).toEqual({
      'ratelimit-policy': '"tenant";q=100;w=60',
      ratelimit: '"tenant";r=99;t=60',
    });
  });
});
