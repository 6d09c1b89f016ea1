import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  answered,
  askOf,
  largestSlice,
  nextSlice,
  noShare,
  type Share,
  spend,
  spendAlone,
  type Told,
} from './limits-share.rules.js';
import { type Count, rolled, take, windowMs } from './limits.rules.js';

const start = 1_000 * windowMs;
const count = (present: number, before = 0, startedAt = start): Count => ({ startedAt, present, before });
const share = (given: Partial<Share>): Share => ({ ...noShare, count: count(10), limit: 100, ...given });
const told = (granted: number, of: Count, now = start + 1_000): Told => ({ granted, count: of, now });

describe('the size of a slice', () => {
  it.each([
    [1, 1],
    [60, 1],
    [199, 1],
    [200, 2],
    [6_000, 60],
  ])('of a limit of %i is %i at most', (limit, largest) => {
    expect(largestSlice(limit)).toBe(largest);
  });

  it.each([
    ['grows when it was used up fast', 8, 499, 60, 16],
    ['grows no further than allowed', 40, 0, 60, 60],
    ['stays when it lasted a while', 8, 500, 60, 8],
    ['shrinks when it lasted long', 8, 2_001, 60, 4],
    ['is one at least', 1, 60_000, 60, 1],
    ['follows a limit that was lowered', 60, 1_000, 5, 5],
  ])('%s', (_, slice, lastedMs, largest, expected) => {
    expect(nextSlice(slice, lastedMs, largest)).toBe(expected);
  });
});

describe('spend', () => {
  it('uses what is held, without asking', () => {
    const spent = spend(share({ held: 2 }), 100, start + 30_000);

    expect(spent?.share.held).toBe(1);
    // 90 are left to all, one more is held here.
    expect(spent?.verdict).toMatchObject({ allowed: true, remaining: 91, resetSeconds: 30 });
  });

  it('does not use what is left of a window that is over', () => {
    expect(spend(share({ held: 2 }), 100, start + windowMs)).toBeUndefined();
  });

  it('asks when nothing is held', () => {
    expect(spend(share({}), 100, start)).toBeUndefined();
  });

  it('refuses without asking until more can have become free', () => {
    const full = share({ count: count(100), refusedUntil: start + 5_000 });

    expect(spend(full, 100, start + 4_999)?.verdict).toMatchObject({ allowed: false, remaining: 0, resetSeconds: 56 });
    expect(spend(full, 100, start + 5_000)).toBeUndefined();
  });

  it('asks again when the limit is another one now', () => {
    expect(spend(share({ count: count(100), refusedUntil: start + 5_000 }), 200, start)).toBeUndefined();
  });

  it('is not put off by a clock that goes back a little', () => {
    expect(spend(share({ held: 1 }), 100, start - 3)?.verdict).toMatchObject({ allowed: true, resetSeconds: 60 });
  });
});

describe('askOf', () => {
  it('wants a slice, or enough for all that wait', () => {
    const busy = share({ slice: 4, slicedAt: start });

    expect([askOf(busy, 6_000, start + 100, 1).wanted, askOf(busy, 6_000, start + 100, 30).wanted]).toEqual([8, 30]);
  });

  it('tells apart what the store knows and what it does not', () => {
    expect(askOf(share({ count: count(10), alone: 4 }), 100, start, 1)).toMatchObject({ count: count(6), alone: 4, unused: 0 });
  });

  it('gives back what is left of a window that is over', () => {
    expect(askOf(share({ held: 3 }), 100, start + windowMs, 1)).toMatchObject({ count: count(10), unused: 3 });
  });
});

describe('answered', () => {
  const ask = askOf(share({ slice: 8, slicedAt: start }), 6_000, start + 1_000, 1);

  it('holds what was granted', () => {
    expect(answered(share({}), ask, told(8, count(18)))).toMatchObject({
      held: 8,
      count: count(18),
      refusedUntil: start + 1_000,
    });
  });

  it('does not ask before the window ends when no part of the one before slides out', () => {
    expect(answered(share({}), ask, told(0, count(6_000))).refusedUntil).toBe(start + windowMs);
  });

  it('asks again when as much as a slice has slid out of the window before', () => {
    const { refusedUntil } = answered(share({}), ask, told(0, count(100, 6_000)));

    // A second after the turn 5,900 of the 6,000 count; 100 more a second, so 8 after 80 ms.
    expect(refusedUntil - start).toBeCloseTo(1_080, 0);
  });

  it('keeps what was let in alone since it asked', () => {
    const asked = askOf(share({ alone: 2 }), 100, start, 1);

    expect(answered(share({ count: count(13), alone: 5 }), asked, told(1, count(30)))).toMatchObject({
      alone: 3,
      count: count(33),
    });
  });
});

describe('spendAlone', () => {
  it('counts on from what the store last told', () => {
    let state = share({ count: count(97), held: 2 });
    const allowed = [1, 2, 3, 4, 5, 6].map(() => {
      const spent = spendAlone(state, 100, start + 1);
      state = spent.share;
      return spent.verdict.allowed;
    });

    expect(allowed).toEqual([true, true, true, true, true, false]);
    expect(state).toMatchObject({ held: 0, alone: 3, count: { present: 100 } });
  });

  it('decides as one process alone always did', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }),
        (limit, gaps) => {
          let now = start;
          let state = noShare;
          let plain: Count | undefined;
          for (const gap of gaps) {
            now += gap;
            const spent = spendAlone(state, limit, now);
            const verdict = take(limit, plain, now);
            [state, plain] = [spent.share, verdict.count];

            expect(spent.verdict).toEqual(verdict);
          }
        },
      ),
    );
  });
});

describe('processes that share a limit', () => {
  it('never let in more than the limit in a window, and nearly all of it', () => {
    const process = fc.integer({ min: 0, max: 2 });
    const limit = fc.integer({ min: 1, max: 1_000 });
    fc.assert(
      fc.property(limit, fc.array(fc.tuple(process, fc.integer({ min: 0, max: 400 })), { maxLength: 1_500 }), (most, steps) => {
        const store = new Store();
        const shares: Share[] = [noShare, noShare, noShare];
        const letIn = new Map<number, number>();
        let now = start;
        let refused = 0;
        for (const [who, gap] of steps) {
          now += gap;
          const { share: next, verdict } = request(store, shares[who] ?? noShare, most, now);
          shares[who] = next;
          const window = Math.floor(now / windowMs);
          if (verdict.allowed) letIn.set(window, (letIn.get(window) ?? 0) + 1);
          else refused += 1;
        }

        const first = letIn.get(1_000) ?? 0;
        for (const number of letIn.values()) expect(number).toBeLessThanOrEqual(most);
        // What two others hold, a hundredth each at most, is all that may go unused.
        if (refused > 0 && letIn.size === 1) expect(first).toBeGreaterThanOrEqual(most - 2 * largestSlice(most));
      }),
      { numRuns: 60 },
    );
  });

  it('ask for at most one in twenty of many requests', () => {
    const store = new Store();
    let state = noShare;
    for (let n = 0; n < 20_000; n += 1) state = request(store, state, 6_000, start + n * 5).share;

    expect(store.asked).toBeLessThan(1_000);
  });
});

/** What the script in limits.client.ts does, in this process. */
class Store {
  count: Count | undefined;
  asked = 0;

  take({ limit, wanted, unused }: ReturnType<typeof askOf>, now: number): Told {
    this.asked += 1;
    const { startedAt, present, before } = rolled(this.count, now);
    const kept = { startedAt, present, before: Math.max(0, before - unused) };
    const room = Math.floor(limit - present - kept.before * (1 - (now - startedAt) / windowMs));
    const granted = Math.max(0, Math.min(wanted, room));
    this.count = { ...kept, present: present + granted };
    return { granted, count: this.count, now };
  }
}

function request(store: Store, state: Share, limit: number, now: number): NonNullable<ReturnType<typeof spend>> {
  const spent = spend(state, limit, now);
  if (spent !== undefined) return spent;
  const ask = askOf(state, limit, now, 1);
  const after = spend(answered(state, ask, store.take(ask, now)), limit, now);
  if (after === undefined) throw new Error('an answer decides');
  return after;
}
