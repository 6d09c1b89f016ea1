import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunId, TenantId } from '@support101/contracts';
import { getRun, listRunSteps, type Run } from '@support101/contracts/agent-runtime';
import { newId } from '@support101/service-kit';
import { eventually } from '@support101/testing';
import { RunQueue } from '../src/platform/run-queue.js';
import { insertAgent, insertRun, prepare, type Prepared } from './engines.js';
import { LoneRuntime, operatorOf } from './lone-runtime.js';
import { deeds } from './scripted.js';

interface RunRef {
  readonly tenantId: TenantId;
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

async function startWorker(): Promise<ChildProcess> {
  const sources = fileURLToPath(new URL('./crash/typescript.mjs', import.meta.url));
  const program = fileURLToPath(new URL('./crash/worker.ts', import.meta.url));
  const worker = spawn(process.execPath, ['--import', sources, program, prepared.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUp.push(async () => {
    worker.kill('SIGKILL');
    if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
  });
  return worker;
}

describe('a run', () => {
  it('whose worker is killed goes on elsewhere within seconds, at the step after the last finished one', async () => {
    const run = await aQueuedRun(steps.map((text) => ({ do: 'wait', text, ms: 300 })));
    const worker = await startWorker();
    await eventually(async () => (await journaled(run)).length >= 2, 30_000);
    const runtime = await boot();

    worker.kill('SIGKILL');
    await once(worker, 'exit');
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
