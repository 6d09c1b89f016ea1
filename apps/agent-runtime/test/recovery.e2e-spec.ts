import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentId, EventEnvelope, RequestId, RunId, TenantId } from '@support101/contracts';
import { getRun, listRuns, listRunSteps, type Run } from '@support101/contracts/agent-runtime';
import { requestDecided } from '@support101/contracts/hitl';
import { newId } from '@support101/service-kit';
import { envelopeOf, operatorOf } from '@support101/service-testing';
import { eventually, Wire } from '@support101/testing';
import { RunQueue } from '../src/platform/run-queue.js';
import { startWorker, type CrashPoint, type WorkerProcess } from './crash/worker-process.js';
import { insertAgent, insertRun, prepare, type Prepared } from './engines.js';
import { decided } from './decided.js';
import { LoneRuntime } from './lone-runtime.js';
import { deeds } from './scripted.js';

interface RunRef {
  readonly tenantId: TenantId;
  readonly agentId: AgentId;
  readonly runId: RunId;
}

let prepared: Prepared;
const cleanUp: (() => Promise<void>)[] = [];

beforeEach(async () => {
  prepared = await prepare('native');
  cleanUp.push(() => prepared.close());
});

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function boot(): Promise<LoneRuntime> {
  const runtime = await LoneRuntime.boot(prepared);
  cleanUp.push(() => runtime.close());
  return runtime;
}

/** A queued run that nobody has been told of. */
async function aQueuedRun(script: readonly object[]): Promise<RunRef> {
  const tenantId = newId('ten');
  const { id } = await insertAgent(prepared, tenantId);
  return insertRun(prepared, tenantId, { agentId: id, input: { script, end: 'finish' }, config: { maxIterations: 20 } });
}

async function journaled({ tenantId, runId }: RunRef): Promise<{ step: number; fence: number }[]> {
  return prepared.database.forTenant(tenantId, (tx) =>
    tx.query<{ step: number; fence: number }>('select step, fence from run_steps where run_id = $1 order by step', [runId]),
  );
}

const ended = (runtime: LoneRuntime, { tenantId, runId }: RunRef): Promise<Run> =>
  eventually(async () => {
    const run = await runtime.ask(getRun, { runId }, operatorOf(tenantId));
    if (!['completed', 'failed'].includes(run.status)) throw new Error(`still ${run.status}`);
    return run;
  }, 20_000);

const textsOf = ({ runId }: RunRef) => deeds.filter((deed) => deed.runId === runId).map(({ text }) => text);
const steps = ['s0', 's1', 's2', 's3', 's4', 's5'];

function worker(point: CrashPoint | 'none' = 'none', event?: EventEnvelope): WorkerProcess {
  const started = startWorker(prepared.url, point, event);
  cleanUp.push(() => started.kill());
  return started;
}

describe('a run', () => {
  it('whose worker is killed goes on elsewhere within seconds, at the step after the last finished one', async () => {
    const run = await aQueuedRun(steps.map((text) => ({ do: 'wait', text, ms: 300 })));
    const elsewhere = worker();
    await eventually(async () => (await journaled(run)).length >= 2, 30_000);
    const runtime = await boot();

    await elsewhere.kill();
    const finished = (await journaled(run)).length;
    const killedAt = performance.now();
    await eventually(() => textsOf(run).length > 0, 10_000);
    const resumedAfterMs = performance.now() - killedAt;
    const { status, output, stepsCount } = await ended(runtime, run);

    expect({ status, output, stepsCount }).toEqual({ status: 'completed', output: { notes: steps }, stepsCount: 6 });
    expect(textsOf(run)).toEqual(steps.slice(finished));
    expect((await journaled(run)).map(({ fence }) => fence)).toEqual(steps.map((_, step) => (step < finished ? 1 : 2)));
    expect(resumedAfterMs).toBeLessThan(5_000);
  });

  it('is handed back when its process is told to stop, and goes on elsewhere at once', async () => {
    const first = await boot();
    const run = await aQueuedRun([
      { do: 'note', text: 'quick' },
      { do: 'wait', text: 'slow', ms: 4_500 },
    ]);
    await first.provider(RunQueue).offer(run);
    await eventually(() => textsOf(run).includes('slow'));

    await first.stopWork();
    const handedBack = await prepared.database.asSystem('test', (tx) =>
      tx.query('select steps_count from run_leases where run_id = $1 and expires_at <= now()', [run.runId]),
    );
    const second = await boot();
    const { status, stepsCount } = await ended(second, run);

    expect(handedBack).toEqual([{ steps_count: 1 }]);
    expect({ status, stepsCount }).toEqual({ status: 'completed', stepsCount: 2 });
    expect(textsOf(run)).toEqual(['quick', 'slow', 'slow']);
    const { data } = await second.ask(listRunSteps, { runId: run.runId }, operatorOf(run.tenantId));
    expect(data.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(['0 success', '1 success']);
  });

  it('that was queued when everything stopped is found at the next boot', async () => {
    const run = await aQueuedRun(['a', 'b'].map((text) => ({ do: 'note', text })));

    const runtime = await boot();

    expect(await ended(runtime, run)).toMatchObject({ status: 'completed', output: { notes: ['a', 'b'] } });
  });
});

describe('a run whose acceptance broke off', () => {
  const script = ['once', 'more'].map((text) => ({ do: 'note', text }));

  async function overAWire() {
    const wire = await Wire.lay(prepared.url);
    cleanUp.push(() => wire.close());
    const runtime = await LoneRuntime.boot({ url: wire.url });
    cleanUp.push(() => runtime.close());
    const agent = await runtime.agent(runtime.tenant());
    // So that its statements are known to the connections, and named in what they send.
    await runtime.run(agent, []);
    const execute = (when: 'cutAfter' | 'cutBefore') => {
      wire[when] = 'runs-insert';
      return runtime.run(agent, script).finally(() => (wire[when] = undefined));
    };
    const others = async () => {
      const { data } = await runtime.ask(listRuns, { limit: 10 }, operatorOf(agent.tenantId));
      return data.slice(0, -1);
    };
    return { runtime, execute, others };
  }

  it('before the database had it does not exist, and has reached nothing', async () => {
    const { execute, others } = await overAWire();
    const before = deeds.length;

    await expect(execute('cutBefore')).rejects.toMatchObject({ code: 'service_unavailable' });

    expect(await others()).toEqual([]);
    expect(deeds.slice(before)).toEqual([]);
  });

  it('when the database had it and nobody heard of it goes on like one whose worker died, and does everything once', async () => {
    const { runtime, execute, others } = await overAWire();

    await expect(execute('cutAfter')).rejects.toMatchObject({ code: 'service_unavailable' });
    const run = await eventually(async () => {
      const [accepted] = await others();
      if (accepted === undefined) throw new Error('not accepted');
      return accepted;
    });
    const { status, stepsCount } = await ended(runtime, run);

    expect({ status, stepsCount }).toEqual({ status: 'completed', stepsCount: 2 });
    expect(textsOf(run)).toEqual(['once', 'more']);
    expect((await journaled(run)).map(({ fence }) => fence)).toEqual([2, 2]);
  });
});

describe('a run that asks a person', () => {
  const script = [{ do: 'note', text: 'before' }, { do: 'interrupt' }, { do: 'note', text: 'after' }];

  const rows = <Row extends object>(sql: string, { runId }: RunRef) =>
    prepared.database.asSystem('test', (tx) => tx.query<Row>(sql, [runId]));

  const asked = (run: RunRef) =>
    eventually(async () => {
      const sql = `select q.id from run_requests q join runs r on r.tenant_id = q.tenant_id and r.id = q.run_id
                    where q.run_id = $1 and r.status = 'awaiting_human'`;
      const [request] = await rows<{ id: RequestId }>(sql, run);
      if (request === undefined) throw new Error('nobody is asked');
      return request.id;
    }, 30_000);

  const answer = (run: RunRef, requestId: RequestId): EventEnvelope => {
    const request = { requestId, type: 'clarification', priority: 'low' } as const;
    return envelopeOf(requestDecided, run.tenantId, decided(run, request, { decision: 'respond', response: 'red' }));
  };

  async function whatCame(runtime: LoneRuntime, run: RunRef) {
    const { status, output } = await ended(runtime, run);
    const steps = await rows<{ step: string }>(
      `select action || ' ' || outcome as step from run_steps where run_id = $1 order by run_steps.step`,
      run,
    );
    const decisions = await rows(`select decision->>'response' as response from run_requests where run_id = $1`, run);
    return { status, output, steps: steps.map(({ step }) => step), decisions };
  }

  /** One question, one decision, one answer, whatever died in between. */
  const once = {
    status: 'completed',
    output: { notes: ['before', '', 'respond: red', 'after'] },
    steps: ['note success', 'interrupt interrupted', 'resume success', 'note success'],
    decisions: [{ response: 'red' }],
  };

  it('waits on when its worker is killed right after it began to wait', async () => {
    const run = await aQueuedRun(script);
    const first = worker();
    const requestId = await asked(run);
    await first.kill();
    const runtime = await boot();

    await runtime.tell(answer(run, requestId));

    expect(await whatCame(runtime, run)).toEqual(once);
  });

  it.each([
    ['between the decision and the job', 'decided'],
    ['in the middle of applying the decision', 'resuming'],
  ] as const)('applies the decision once when its process is killed %s', async (_when, point) => {
    const run = await aQueuedRun(script);
    const first = worker();
    const requestId = await asked(run);
    await first.kill();

    await worker(point, answer(run, requestId)).dead();
    const runtime = await boot();

    expect(await whatCame(runtime, run)).toEqual(once);
  });
});

describe('a run that changes something', () => {
  it('does so once when its process is killed after the effect and before the journal knows', async () => {
    const run = await aQueuedRun([
      { do: 'ticket', text: 'Help' },
      { do: 'note', text: 'after' },
    ]);

    await worker('effect').dead();
    const tickets = () =>
      prepared.database.asSystem('test', (tx) =>
        tx.query<{ id: string }>('select id from tickets where run_id = $1', [run.runId]),
      );
    const before = await tickets();
    const steps = await journaled(run);
    const { status, output } = await ended(await boot(), run);

    expect(steps).toEqual([]);
    expect(before).toHaveLength(1);
    expect({ status, output }).toEqual({ status: 'completed', output: { notes: [before[0]?.id, 'after'] } });
    expect(await tickets()).toEqual(before);
  });
});
