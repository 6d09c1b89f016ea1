import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import fc from 'fast-check';
import { LeaseModel, type LeaseCommand } from '../../test/lease-model.js';
import { insertRun, prepare, type Prepared } from '../../test/engines.js';
import { JournalRepository, type DueRow, type EndRow, type RunRef, type StepRow } from './journal.repository.js';
import { fold, stateRow, type State } from './journal.rules.js';
import { isStoppedBy } from '../platform/stops.js';

const now = new Date('2026-11-22T12:00:01.000Z');
const completed: EndRow = { status: 'completed', output: { answer: 'yes' }, outcome: 'resolved', error: null, completedAt: now };

function aStep(ref: RunRef, fence: number, step: number, before: State, after: State): StepRow {
  return {
    ...ref,
    fence,
    step,
    action: 'search',
    outcome: 'success',
    result: { hits: step },
    durationMs: 7,
    completedAt: now,
    tools: [
      {
        tool: 'search',
        outcome: 'success',
        durationMs: 3,
      },
    ],
    state: stateRow(step, before, after),
    usage: {
      inputTokens: 10,
      outputTokens: 2,
      costMicroUsd: 5,
      model: 'local/test',
    },
  };
}

describe.each(engines)('JournalRepository (%s)', (engine) => {
  const journal = new JournalRepository();
  let prepared: Prepared;
  let tenantId: TenantId;

  beforeAll(async () => {
    prepared = await prepare(engine);
    tenantId = newId('ten');
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const inTenant = <T>(run: Parameters<typeof prepared.database.forTenant<T>>[1]) => prepared.database.forTenant(tenantId, run);
  const take = (ref: RunRef, owner: string, leaseMs = 60_000) => inTenant((tx) => journal.take(tx, ref, owner, leaseMs, now));
  /** Whether the steps were written, all of them or none. */
  const append = async (...rows: StepRow[]): Promise<boolean> => {
    try {
      await prepared.database.burstAsSystem('run-journal', (tx) => Promise.all(rows.map((row) => journal.append(tx, [row]))));
      return true;
    } catch (error) {
      if (isStoppedBy(error, 'lease_lost')) return false;
      throw error;
    }
  };
  const end = (ref: RunRef, fence: number | null, row = completed) => inTenant((tx) => journal.end(tx, ref, fence, row));
  const rowOf = async ({ runId }: RunRef) => {
    const [row] = await inTenant((tx) => tx.query<Record<string, unknown>>('select * from runs where id = $1', [runId]));
    return row;
  };

  it('gives a queued run to one worker only', async () => {
    const run = await insertRun(prepared, tenantId);

    const taken = await Promise.all(['a', 'b', 'c'].map((owner) => take(run, owner)));

    expect(taken.filter((one) => one !== undefined)).toEqual([
      expect.objectContaining({
        fence: 1,
        stepsCount: 0,
        agentId: run.agentId,
        input: { query: 'How? 🙂' },
        config: { maxIterations: 5 },
      }),
    ]);
    expect(taken.find((one) => one !== undefined)?.timeLeftMs).toBeGreaterThan(59_000);
    expect(await rowOf(run)).toMatchObject({ status: 'running', started_at: now });
  });

  it('gives a run whose worker died to the next one, which alone can write then; finished steps stay', async () => {
    const run = await insertRun(prepared, tenantId);
    await take(run, 'first', -1); // a lease that has run out: its worker is dead
    await append(aStep(run, 1, 0, {}, { a: 1 }));

    const second = await take(run, 'second');
    const stale = await append(aStep(run, 1, 1, { a: 1 }, { a: 'stale' }));
    const fresh = await append(aStep(run, 2, 1, { a: 1 }, { a: 2 }));

    expect(second).toMatchObject({ fence: 2, stepsCount: 1 });
    expect([stale, fresh]).toEqual([false, true]);
    const rows = await inTenant((tx) => journal.stateRows(tx, run, 0));
    expect(fold(rows)).toEqual({ a: 2 });
    expect(await inTenant((tx) => journal.renew(tx, run, 1, 1_000))).toBe(false);
    expect(await end(run, 1)).toBeUndefined();
    expect((await rowOf(run))?.['started_at']).toEqual(now);
  });

  it('counts the time of every worker, and neither that in which no worker had the run nor what was lost to an outage', async () => {
    const run = await insertRun(prepared, tenantId, { timeoutMs: 5_000 });
    const first = await take(run, 'first', 200);
    await new Promise((resolve) => setTimeout(resolve, 400));

    const second = await take(run, 'second', 1);
    await inTenant((tx) => journal.postpone(tx, run, 2, 1_000));
    await inTenant((tx) => journal.postpone(tx, run, 1, 1_000_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const third = await take(run, 'third');

    const [full = 0, left = 0, more = 0] = [first, second, third].map((taken) => taken?.timeLeftMs);
    expect(full - left).toBeCloseTo(200, -1);
    expect(more - left).toBeCloseTo(999, -1);
  });

  it('keeps the journal dense and in order', async () => {
    const run = await insertRun(prepared, tenantId);
    await take(run, 'a');

    const early = await append(aStep(run, 1, 1, {}, {}));
    const inOrder = await append(aStep(run, 1, 0, {}, { a: 1 }));
    const twice = await append(aStep(run, 1, 0, {}, { a: 1 }));

    expect([early, inOrder, twice]).toEqual([false, true, false]);
  });

  it('appends steps of several runs and tenants in one burst, and none when one of them has lost its lease', async () => {
    const mine = await insertRun(prepared, tenantId);
    const lost = await insertRun(prepared, tenantId);
    const otherTenant = newId('ten');
    const theirs = await insertRun(prepared, otherTenant);
    await take(mine, 'a');
    await take(lost, 'a');
    await prepared.database.forTenant(otherTenant, (tx) => journal.take(tx, theirs, 'a', 60_000, now));

    const steps = [aStep(mine, 1, 0, {}, { m: 1 }), aStep(theirs, 1, 0, {}, { t: 1 })];

    expect(await append(...steps, aStep(lost, 7, 0, {}, {}))).toBe(false);
    expect(await append(...steps)).toBe(true);
    expect(await prepared.database.forTenant(otherTenant, (tx) => journal.stateRows(tx, theirs, 0))).toHaveLength(1);
    expect(await inTenant((tx) => journal.stateRows(tx, theirs, 0))).toEqual([]);
  });

  it('adds up usage and steps, and ends a run with them once and for all', async () => {
    const run = await insertRun(prepared, tenantId);
    await take(run, 'a');
    for (const step of [0, 1, 2]) await append(aStep(run, 1, step, {}, {}));

    const ended = await end(run, 1);

    const usage = { inputTokens: 30, outputTokens: 6, costMicroUsd: 15, model: 'local/test' };
    expect(ended).toMatchObject({ agentId: run.agentId, stepsCount: 3, usage });
    expect(await rowOf(run)).toMatchObject({
      status: 'completed',
      output: { answer: 'yes' },
      outcome: 'resolved',
      steps_count: 3,
    });
    expect(await end(run, null)).toBeUndefined();
    expect(await take(run, 'b')).toBeUndefined();
    expect(await append(aStep(run, 1, 3, {}, {}))).toBe(false);
  });

  it('appends steps of one run together, in their order or not at all', async () => {
    const run = await insertRun(prepared, tenantId);
    await take(run, 'a');
    const [first, second, third] = [{}, { n: 1 }, { n: 1, m: 2 }].map((after, step) => aStep(run, 1, step, { n: step }, after));
    const appendAll = (...rows: StepRow[]) =>
      prepared.database.burstAsSystem('run-journal', (tx) => journal.append(tx, rows as [StepRow, ...StepRow[]]));

    await appendAll(first as StepRow, second as StepRow, third as StepRow);
    const again = await appendAll(third as StepRow).catch((error: unknown) => isStoppedBy(error, 'lease_lost'));

    const steps = await inTenant((tx) => journal.steps(tx, run, -1, 10));
    expect(steps.map(({ step, result, usage }) => [step, result, usage.inputTokens])).toEqual(
      [0, 1, 2].map((n) => [n, { hits: n }, 10]),
    );
    expect(await end(run, 1)).toMatchObject({ stepsCount: 3, usage: { inputTokens: 30, model: 'local/test' } });
    expect(again).toBe(true);
  });

  it('ends a held run together with its last steps, or writes neither', async () => {
    const [run, lost] = [await insertRun(prepared, tenantId), await insertRun(prepared, tenantId)];
    await take(run, 'a');
    await take(lost, 'a', -1);
    await take(lost, 'b');
    const last = (ref: RunRef) =>
      prepared.database.burstAsSystem('run-journal', (tx) =>
        journal.append(tx, [aStep(ref, 1, 0, {}, {}), aStep(ref, 1, 1, {}, { a: 1 })], completed),
      );

    await last(run);
    const refused = await last(lost).catch((error: unknown) => isStoppedBy(error, 'lease_lost'));

    expect(await rowOf(run)).toMatchObject({ status: 'completed', steps_count: 2, input_tokens: 20 });
    expect(refused).toBe(true);
    expect(await rowOf(lost)).toMatchObject({ status: 'running', steps_count: 0 });
    expect(await inTenant((tx) => journal.stateRows(tx, lost, 0))).toEqual([]);
  });

  it('ends a queued run from outside, but does not complete it', async () => {
    const run = await insertRun(prepared, tenantId);
    const cancelled: EndRow = {
      status: 'cancelled',
      output: null,
      outcome: 'abandoned',
      completedAt: now,
      error: {
        code: 'cancelled',
        detail: 'No longer needed.',
      },
    };

    expect(await end(run, null)).toBeUndefined();
    expect(await end(run, null, cancelled)).toMatchObject({ stepsCount: 0 });

    expect(await rowOf(run)).toMatchObject({ status: 'cancelled', error_code: 'cancelled', error_detail: 'No longer needed.' });
  });

  it('finds due work: queued, handed back and abandoned runs, not held ones; page by page', async () => {
    const [queued, held, handedBack, abandoned] = [
      await insertRun(prepared, tenantId, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
      await insertRun(prepared, tenantId),
      await insertRun(prepared, tenantId),
      await insertRun(prepared, tenantId),
    ];
    await take(held, 'a');
    await take(abandoned, 'a', -1);
    await take(handedBack, 'a');
    await inTenant((tx) => journal.release(tx, handedBack, 1));

    const found: DueRow[] = [];
    const due = (after?: RunRef) => prepared.database.asSystem('job-refill', (tx) => journal.due(tx, after, 2));
    for (let page = await due(); page.length > 0; page = await due(page.at(-1))) found.push(...page);
    const ids = new Set(found.map(({ runId }) => runId));
    const left = await prepared.database.asSystem('run-recovery', (tx) => journal.abandoned(tx, 100));

    expect(ids.size).toBe(found.length);
    expect([queued, held, handedBack, abandoned].map(({ runId }) => ids.has(runId))).toEqual([true, false, true, true]);
    expect(found.find(({ runId }) => runId === queued.runId)?.traceparent).toContain('0af7651916cd43dd8448eb211c80319c');
    const leftIds = left.map(({ runId }) => runId);
    expect([queued, held, handedBack, abandoned].map(({ runId }) => leftIds.includes(runId))).toEqual([false, false, true, true]);
  });

  it('lists steps in order after a place, and names runs that have not ended', async () => {
    const run = await insertRun(prepared, tenantId);
    await take(run, 'a');
    for (const step of [0, 1, 2]) await append(aStep(run, 1, step, {}, {}));

    const steps = await inTenant((tx) => journal.steps(tx, run, 0, 10));

    expect(steps.map(({ step }) => step)).toEqual([1, 2]);
    expect(steps[0]).toMatchObject({
      action: 'search',
      outcome: 'success',
      result: { hits: 1 },
      durationMs: 7,
      completedAt: now,
    });
    expect(await inTenant((tx) => journal.active(tx, tenantId))).toContain(run.runId);
    expect(await inTenant((tx) => journal.unfinished(tx, tenantId))).toContain(run.runId);
  });

  it('writes as little at step 199 as at step 1, however much the run remembers', async () => {
    const run = await insertRun(prepared, tenantId);
    await take(run, 'a');
    let before: State = { notes: [] };
    for (let step = 0; step < 200; step += 1) {
      const after = { notes: [...(before['notes'] as string[]), `note number ${String(step).padStart(4, '0')}`], done: step };
      await append(aStep(run, 1, step, before, after));
      before = after;
    }

    const sizes = await inTenant((tx) =>
      tx.query<{ step: number; size: number }>(
        `select step, pg_column_size(run_steps.*) as size from run_steps where run_id = $1 and step in (1, 199) order by step`,
        [run.runId],
      ),
    );

    expect(sizes[1]?.size).toBeLessThanOrEqual((sizes[0]?.size ?? 0) + 4);
    expect(fold(await inTenant((tx) => journal.stateRows(tx, run, 192)))).toEqual(before);
  });

  it('follows its model: whoever holds the newest lease writes, in order, until the run has ended', async () => {
    const command = fc.record({
      do: fc.constantFrom('take', 'append', 'renew', 'release', 'end', 'expire'),
      worker: fc.nat(2),
    }) as fc.Arbitrary<LeaseCommand>;
    const check = async (commands: readonly LeaseCommand[]) => {
      const run = await insertRun(prepared, tenantId);
      const model = new LeaseModel();
      const expected: boolean[] = [];
      const actual: boolean[] = [];
      for (const one of commands) {
        actual.push(await carryOut(one, run, model.fenceOf(one.worker), model.steps));
        expected.push(model.apply(one));
      }

      const rows = await inTenant((tx) => journal.steps(tx, run, -1, 100));
      expect(actual).toEqual(expected);
      expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: model.steps }, (_, step) => step));
    };

    await fc.assert(fc.asyncProperty(fc.array(command, { maxLength: 25 }), check), { numRuns: 20 });
  });

  /** Does to the run what the model is asked about, and says whether it had an effect. */
  async function carryOut(command: LeaseCommand, run: RunRef, fence: number, step: number): Promise<boolean> {
    const update = (sql: string) => inTenant((tx) => tx.query(`${sql} returning 1`, [run.runId]));
    const expire = `update run_leases set expires_at = now() - interval '1 s' where run_id = $1`;
    const doings: Record<LeaseCommand['do'], () => Promise<boolean>> = {
      take: async () => (await take(run, `worker ${command.worker}`)) !== undefined,
      append: () => append(aStep(run, fence, step, {}, {})),
      renew: () => inTenant((tx) => journal.renew(tx, run, fence, 60_000)),
      release: async () => {
        const [mine] = await inTenant((tx) =>
          tx.query('select 1 from run_leases where run_id = $1 and fence = $2', [run.runId, fence]),
        );
        await inTenant((tx) => journal.release(tx, run, fence));
        return mine !== undefined;
      },
      end: async () => (await end(run, fence)) !== undefined,
      expire: async () => (await update(expire)).length === 1,
    };
    return doings[command.do]();
  }
});
