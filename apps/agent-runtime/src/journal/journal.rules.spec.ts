import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endedStatuses, hasEnded, runStatuses, type RunStatus } from '@support101/contracts/agent-runtime';
import {
  apply,
  diff,
  fold,
  groundsOf,
  lastSnapshot,
  snapshotEvery,
  sourcesOf,
  stateRow,
  type Operation,
  type State,
  type StateRow,
} from './journal.rules.js';

describe('a run’s status', () => {
  it('never leaves an end, and every end is reached from running', () => {
    for (const to of runStatuses) {
      expect(sourcesOf(to).filter(hasEnded)).toEqual([]);
    }
    for (const end of endedStatuses) expect(sourcesOf(end)).toContain('running');
  });

  it('walks at random: once ended it stays, and only a taken run completes, fails or times out', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...runStatuses), { maxLength: 40 }), (wishes) => {
        const path: RunStatus[] = ['queued'];
        for (const wish of wishes) {
          if (sourcesOf(wish).includes(path.at(-1) as RunStatus)) path.push(wish);
        }

        const end = path.findIndex(hasEnded);
        expect(end === -1 || end === path.length - 1).toBe(true);
        // Queued again only once somebody has decided.
        expect(path.every((status, at) => at === 0 || status !== 'queued' || path[at - 1] === 'awaiting_human')).toBe(true);
        const byWorker = path.some((status) => ['completed', 'failed', 'timed_out'].includes(status));
        expect(!byWorker || path.includes('running')).toBe(true);
      }),
    );
  });

  it('cannot be cancelled twice, and a waiting run goes on or ends without completing by itself', () => {
    expect(sourcesOf('cancelled')).toEqual(['queued', 'running', 'awaiting_human']);
    expect(sourcesOf('completed')).toEqual(['running']);
  });
});

const json = fc.letrec<{ value: unknown; object: State }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', 'a/b', '~', ''), fc.string({ maxLength: 3 })), tie('value'), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
}));
const state = json.object.filter((object) => !JSON.stringify(object).includes('__proto__'));

describe('diff and apply', () => {
  it('turn any state into any other, and leave the first one alone', () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        const original = structuredClone(before);

        const result = apply(before, JSON.parse(JSON.stringify(diff(before, after))) as Operation[]);

        expect(result).toEqual(after);
        expect(before).toEqual(original);
      }),
    );
  });

  it('say nothing about what stayed', () => {
    fc.assert(fc.property(state, (same) => expect(diff(same, structuredClone(same))).toEqual([])));
  });

  it('cost only the new items when a list grows', () => {
    const long = Array.from({ length: 1_000 }, (_, index) => ({ index, text: 'x'.repeat(50) }));

    const operations = diff({ history: long }, { history: [...long, { index: 1_000 }] });

    expect(operations).toEqual([{ op: 'add', path: '/history/-', value: { index: 1_000 } }]);
  });

  it('treat an undefined property as absent', () => {
    expect(diff({ a: 1 }, { a: undefined })).toEqual([{ op: 'remove', path: '/a' }]);
    expect(diff({ a: undefined }, { a: 1 })).toEqual([{ op: 'add', path: '/a', value: 1 }]);
  });
});

describe('fold', () => {
  it('gives the last state of any run, however it began, from the last snapshot on', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 80 }), (states) => {
        const rows: StateRow[] = states.map((after, step) => stateRow(step, states[step - 1] ?? { given: true }, after));

        const loaded = rows.slice(lastSnapshot(rows.length));

        expect(loaded.length).toBeLessThanOrEqual(snapshotEvery);
        expect(fold(loaded)).toEqual(states.at(-1));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [0, 0],
    [1, 0],
    [32, 0],
    [33, 32],
    [200, 192],
  ])('of %i steps begins at step %i', (steps, first) => {
    expect(lastSnapshot(steps)).toBe(first);
  });

  it('of no step is the empty state', () => {
    expect(fold([])).toEqual({});
  });
});

describe('what an output rests on', () => {
  const [articleId, pathId] = ['art_01jd5m6wz5f9r8x2k3c4v7b6n1', 'gpt_01jd5m6wz5f9r8x2k3c4v7b6n1'];

  it('is named by the ids of its sources, once each, and its confidence', () => {
    const sources = [{ articleId }, { articleId }, { pathId }, { articleId: 'elsewhere' }, null, 'text'];

    expect(groundsOf({ sources, confidence: 0.9 })).toEqual({
      usedArticleIds: [articleId],
      usedPathIds: [pathId],
      confidence: 0.9,
    });
  });

  it.each([[{}], [{ sources: 'none', confidence: 'high' }], [{ sources: [] }]])('is nothing in %j', (output) => {
    expect(groundsOf(output)).toEqual({});
  });
});
