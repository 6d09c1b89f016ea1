import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError, isDomainError, type Caller, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/agent-runtime';
import { tenantDeleted, tenantSuspended } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { operatorOf } from '@support101/service-testing';
import { eventually } from '@support101/testing';
import { JournalService, type FinishedStep } from '../src/journal/journal.service.js';
import { LoneRuntime } from './lone-runtime.js';
import { deeds, flaws, onDeed } from './scripted.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

let runtime: LoneRuntime;

beforeAll(async () => {
  runtime = await LoneRuntime.boot();
});

afterAll(async () => {
  await runtime?.close();
});

const textsOf = (runId: string) => deeds.filter((deed) => deed.runId === runId).map(({ text }) => text);
const beginning = (text: string) => eventually(() => deeds.some((deed) => deed.text === text));

describe('a run', () => {
  it('is carried out step by step to its end, with every fact told in order and without customer text', async () => {
    const agent = await runtime.agent(runtime.tenant());

    const run = await runtime.run(agent, [
      { do: 'note', text: 'a secret' },
      { do: 'search', text: 'password' },
      { do: 'ask', text: 'hello' },
    ]);

    expect(run).toMatchObject({
      agentId: agent.agentId,
      tenantId: agent.tenantId,
      blueprint: 'scripted',
      blueprintVersion: '1.1.0',
      status: 'completed',
      output: { notes: ['a secret', 'Reset your password', 'HELLO'] },
      outcome: 'resolved',
      stepsCount: 3,
      input: {
        script: expect.any(Array),
        end: 'finish',
      },
      usage: {
        model: expect.stringMatching(/^local\//),
        inputTokens: expect.any(Number),
      },
    });
    expect(run.durationMs).toBeGreaterThanOrEqual(0);
    expect(await runtime.ask(contract.getRun, { runId: run.runId }, operatorOf(agent.tenantId))).toEqual(run);
    expect(await runtime.factsUntil(`run:${run.runId}`, contract.runCompleted)).toEqual([
      contract.runStarted.type,
      ...Array.from({ length: 3 }, () => contract.runStepExecuted.type),
      contract.runCompleted.type,
    ]);
    const facts = runtime.events.filter((event) => event.subject === `run:${run.runId}`);
    expect(JSON.stringify(facts)).not.toContain('secret');
    expect(facts.map((fact) => `${fact.principaltype} ${fact.correlationid}`)).toEqual([
      'key cor_of_a_test',
      ...Array.from({ length: 4 }, () => 'agent cor_of_a_test'),
    ]);
    expect(facts[2]?.data).toMatchObject({ step: 1, action: 'search', tool: 'search', outcome: 'success' });
    expect(runtime.askedBy.at(-1)).toContain(`${agent.tenantId} {"type":"agent","id":"${agent.agentId}"`);
  });

  it('has all its steps so far in the journal whenever it reaches anything', async () => {
    const agent = await runtime.agent(runtime.tenant(), { maxIterations: 60 });
    const think = { do: 'think' };
    const script = [
      think,
      { do: 'note' },
      think,
      think,
      { do: 'write' },
      ...Array.from({ length: 40 }, () => think),
      { do: 'note' },
    ];
    const journaled: number[] = [];
    onDeed(async (runId) => {
      journaled.push((await runtime.rows('select 1 from run_steps where run_id = $1', [runId])).length);
    });

    const run = await runtime.run(agent, script).finally(() => onDeed(async () => undefined));

    expect(run).toMatchObject({ status: 'completed', stepsCount: 46 });
    expect(journaled).toEqual([1, 4, 45]);
    const steps = await runtime.rows<{ step: number }>('select step from run_steps where run_id = $1 order by step', [run.runId]);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 46 }, (_, step) => step));
    const facts = await runtime.factsUntil(`run:${run.runId}`, contract.runCompleted);
    expect(facts).toEqual([
      contract.runStarted.type,
      ...steps.map(() => contract.runStepExecuted.type),
      contract.runCompleted.type,
    ]);
  });

  it('reaches nothing any more when it was stopped while its steps were on their way', async () => {
    const tenantId = runtime.tenant();
    const agent = await runtime.agent(tenantId);
    // The next acceptance of the tenant waits for this one.
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = runtime.running.database.asSystem('test', async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtextextended('runs of ' || $1, 0))`, [tenantId]);
      locked.resolve();
      await held.promise;
    });
    await locked.promise;

    const running = runtime.run(agent, [{ do: 'think' }, { do: 'write', text: 'too late' }], { timeoutSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    held.resolve();
    await holding;

    expect(await running).toMatchObject({ status: 'timed_out', stepsCount: 1 });
    expect(textsOf((await running).runId)).toEqual([]);
    expect(await runtime.rows('select 1 from effects where tenant_id = $1', [tenantId])).toEqual([]);
  });

  it('that another worker has is not written by the one that has lost it, also in the same process and moment', async () => {
    const tenantId = runtime.tenant();
    const agent = await runtime.agent(tenantId);
    const { runId } = await runtime.run(agent, [{ do: 'hang', text: 'mine', ms: 60_000 }], { waitSeconds: 0 });
    const journal = runtime.provider(JournalService);
    const expire = () => runtime.rows(`update run_leases set expires_at = now(), fence = fence + 1 where run_id = $1`, [runId]);
    await expire();
    const lost = await journal.take({ tenantId, runId });
    await expire();
    const mine = await journal.take({ tenantId, runId });
    if (lost === undefined || mine === undefined) throw new Error('not taken');
    const noUsage = { inputTokens: 0, outputTokens: 0, costMicroUsd: 0, model: null };
    const aStep = (step: number, note: string): FinishedStep => {
      const told = { action: 'note', outcome: 'success', result: {}, durationMs: 0, usage: noUsage } as const;
      return { ...told, tools: [], step, before: {}, after: { note } };
    };

    const written = await Promise.all([journal.append(mine, aStep(0, 'mine')), journal.append(lost, aStep(1, 'lost'))]);

    expect(written).toEqual([true, false]);
    expect(await journal.append(mine, aStep(1, 'mine too'))).toBe(true);
    expect(await runtime.rows('select step from run_steps where run_id = $1 order by step', [runId])).toHaveLength(2);
    await runtime.ask(contract.cancelRun, { runId }, operatorOf(tenantId));
  });

  it('may take no step at all', async () => {
    const tenantId = runtime.tenant();
    const run = await runtime.run(await runtime.agent(tenantId), []);

    expect(run).toMatchObject({ status: 'completed', stepsCount: 0, output: { notes: [] } });
    expect(await runtime.ask(contract.getRun, { runId: run.runId }, operatorOf(tenantId))).toEqual(run);
  });

  it('is answered before its end when the caller does not want to wait, and goes on', async () => {
    const agent = await runtime.agent(runtime.tenant());

    const accepted = await runtime.run(agent, [{ do: 'wait', ms: 100 }], { waitSeconds: 0 });

    expect(['queued', 'running']).toContain(accepted.status);
    expect(accepted).toMatchObject({ output: null, outcome: null, durationMs: null });
    await eventually(async () => {
      const run = await runtime.ask(contract.getRun, { runId: accepted.runId }, operatorOf(agent.tenantId));
      expect(run.status).toBe('completed');
    });
  });

  it('is answered while its caller still listens', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const caller: Caller = { ...operatorOf(agent.tenantId), deadlineAt: Date.now() + 450 };
    const input = { script: [{ do: 'hang', text: 'long', ms: 60_000 }] };

    const { runId, status } = await runtime.ask(contract.executeAgent, { agentId: agent.agentId, input, waitSeconds: 5 }, caller);

    expect(status).toBe('running');
    await runtime.ask(contract.cancelRun, { runId }, operatorOf(agent.tenantId));
  });

  it('is the same one for the same idempotency key, as it is by then, however long the caller waits', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const caller: Caller = { ...operatorOf(agent.tenantId), idempotencyKey: 'run-it' };
    const input = { agentId: agent.agentId, input: { script: [{ do: 'note', text: 'only once' }] } };

    const first = await runtime.askForReply(contract.executeAgent, { ...input, waitSeconds: 0 }, caller);
    const again = await runtime.askForReply(contract.executeAgent, { ...input, waitSeconds: 20 }, caller);

    expect(again.output).toMatchObject({ runId: first.output.runId, status: 'completed' });
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(textsOf(first.output.runId)).toEqual(['only once']);
    const other = { ...input, input: { script: [] } };
    await expect(runtime.ask(contract.executeAgent, other, caller)).rejects.toEqual(code('idempotency_key_reused'));
  });

  it('keeps apart from others of the same agent that run at the same time', async () => {
    const agent = await runtime.agent(runtime.tenant());

    const runs = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        runtime.run(agent, [
          { do: 'note', text: `a${index}` },
          { do: 'wait', ms: 5, text: `b${index}` },
          { do: 'note', text: `c${index}` },
        ]),
      ),
    );

    expect(runs.map((run) => run.output)).toEqual(runs.map((_, index) => ({ notes: [`a${index}`, `b${index}`, `c${index}`] })));
  });
});

describe('the size of a run', () => {
  /** A script whose run has a little more than `bytes` in its input, and in its output if it comes so far. */
  const saying = (bytes: number) => [{ do: 'think', text: '日'.repeat(bytes / 3) }];

  it('is at most such that it can be shown, also with others', async () => {
    const tenantId = runtime.tenant();
    const agent = await runtime.agent(tenantId);
    const runs = [await runtime.run(agent, saying(399_900)), await runtime.run(agent, saying(399_900))];

    expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed']);
    const shown = await Promise.all(runs.map(({ runId }) => runtime.ask(contract.getRun, { runId }, operatorOf(tenantId))));
    expect(shown).toEqual(runs);
    const first = await runtime.ask(contract.listRuns, {}, operatorOf(tenantId));
    const cursor = first.nextCursor ?? '';
    const second = await runtime.ask(contract.listRuns, { cursor }, operatorOf(tenantId));
    expect([first.data, second.data, second.nextCursor]).toEqual([[runs[1]], [runs[0]], null]);
  });

  it('fails the run by name when the output makes it more', async () => {
    const tenantId = runtime.tenant();

    const run = await runtime.run(await runtime.agent(tenantId), saying(400_200));

    expect(run).toMatchObject({ status: 'failed', output: null, error: { code: 'output_too_large' } });
    expect(await runtime.ask(contract.getRun, { runId: run.runId }, operatorOf(tenantId))).toEqual(run);
  });
});

describe('a run of the support agent', () => {
  const ask = async (tenantId: TenantId, query: string, config: Record<string, unknown> = {}) => {
    const caller = operatorOf(tenantId);
    const agent = await runtime.ask(contract.createAgent, { blueprint: 'support_agent', name: 'Ada', config }, caller);
    return runtime.ask(contract.executeAgent, { agentId: agent.agentId, input: { query } }, caller);
  };

  it('answers from the article that is found, and names it', async () => {
    const run = await ask(runtime.tenant(), 'How do I reset my password?');

    expect(run).toMatchObject({
      status: 'completed',
      outcome: 'resolved',
      output: {
        answer: expect.stringContaining('Forgot password'),
        sources: [{ title: 'Reset your password', url: 'https://help.example.com/reset' }],
        confidence: expect.any(Number),
      },
      usage: { model: expect.stringMatching(/^local\//) },
    });
  });

  it('fails by name when nothing is found and no person shall be asked', async () => {
    runtime.knowledge = [];

    const tenantId = runtime.tenant();
    const run = await ask(tenantId, 'Do you sell spare parts for the moon rover?', { whenUnsure: 'fail' });
    runtime.knowledge = ['Reset your password'];

    expect(run).toMatchObject({ status: 'failed', outcome: 'failed', output: null, error: { code: 'no_supported_answer' } });
    expect(await runtime.ask(contract.getRun, { runId: run.runId }, operatorOf(tenantId))).toEqual(run);
  });
});

describe('a run fails by name', () => {
  it.each([
    ['when its blueprint gives up in the plan', [], 'fail', 'no_supported_answer'],
    ['when its blueprint gives up in a step', [{ do: 'refuse' }], 'finish', 'no_supported_answer'],
    ['when its output does not fit', [], 'wrong', 'output_invalid'],
    ['when a tool’s arguments do not fit', [{ do: 'search', text: '' }], 'finish', 'tool_input_invalid'],
    ['when a step gives what cannot be stored', [{ do: 'nul' }], 'finish', 'state_invalid'],
  ])('%s', async (_when, script, end, expected) => {
    const run = await runtime.run(await runtime.agent(runtime.tenant()), script, { end });

    expect(run).toMatchObject({ status: 'failed', outcome: 'failed', output: null, error: { code: expected } });
    const event = await runtime.event(contract.runFailed, `run:${run.runId}`);
    expect(event).toMatchObject({ outcome: 'failure', data: { error: { code: expected } } });
  });

  it('when it wants more steps than its limit', async () => {
    const agent = await runtime.agent(runtime.tenant(), { maxIterations: 2 });

    const run = await runtime.run(agent, [{ do: 'note' }, { do: 'note' }, { do: 'note', text: 'one too many' }]);

    expect(run).toMatchObject({ status: 'failed', stepsCount: 2, error: { code: 'step_limit_reached' } });
    expect(textsOf(run.runId)).not.toContain('one too many');
  });

  it('when a tool is not among those the agent may use', async () => {
    const agent = await runtime.agent(runtime.tenant(), { allowedTools: ['deed'] });

    const run = await runtime.run(agent, [{ do: 'note' }, { do: 'search', text: 'password' }]);

    expect(run).toMatchObject({ status: 'failed', stepsCount: 2, error: { code: 'tool_not_allowed' } });
  });

  it('when something unexpected happens, and shows nothing of it but where it is logged', async () => {
    const agent = await runtime.agent(runtime.tenant());

    const run = await runtime.run(agent, [
      { do: 'note', text: 'a' },
      { do: 'crash', text: 'hunter2' },
    ]);

    expect(run).toMatchObject({
      status: 'failed',
      stepsCount: 2,
      error: { code: 'internal', detail: expect.stringContaining('cor_of_a_test') },
    });
    const { data } = await runtime.ask(contract.listRunSteps, { runId: run.runId }, operatorOf(agent.tenantId));
    expect(data[1]).toMatchObject({ outcome: 'failure', result: { error: { code: 'internal' } } });
    expect(JSON.stringify([run.error, data[1]])).not.toContain('hunter2');
  });
});

describe('a step that fails for a reason that passes', () => {
  it('is tried again, and counted once', async () => {
    flaws.set('shaky', 2);

    const run = await runtime.run(await runtime.agent(runtime.tenant()), [{ do: 'flake', text: 'shaky' }]);

    expect(run).toMatchObject({ status: 'completed', stepsCount: 1 });
    expect(textsOf(run.runId)).toEqual(['shaky', 'shaky', 'shaky']);
  });

  it('fails the run when it does not pass', async () => {
    const before = runtime.knowledge;
    runtime.knowledge = new DomainError('rate_limited', 'The search is busy.');

    const run = await runtime.run(await runtime.agent(runtime.tenant()), [{ do: 'search', text: 'password' }]);
    runtime.knowledge = before;

    expect(run).toMatchObject({ status: 'failed', error: { code: 'rate_limited', detail: 'The search is busy.' } });
    expect(isDomainError(runtime.knowledge)).toBe(false);
  });

  it('outlives a service that is away for longer than the run may take', async () => {
    const before = runtime.knowledge;
    runtime.knowledge = new DomainError('service_unavailable', 'The search is away.');
    const agent = await runtime.agent(runtime.tenant());
    const script = [{ do: 'search', text: 'password' }];

    const running = runtime.run(agent, script, { timeoutSeconds: 1, waitSeconds: 20 });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    runtime.knowledge = before;

    expect(await running).toMatchObject({ status: 'completed', stepsCount: 1 });
  });
});

describe('stopping', () => {
  it.each(['wait', 'hang'])('a cancelled run ends at once although its step would %s on', async (what) => {
    const agent = await runtime.agent(runtime.tenant());
    const caller = operatorOf(agent.tenantId);
    const text = newId('cor');
    const { runId } = await runtime.run(
      agent,
      [
        { do: what, ms: 3_000, text },
        { do: 'note', text: 'never' },
      ],
      { waitSeconds: 0 },
    );
    await beginning(text);

    const run = await runtime.ask(contract.cancelRun, { runId, reason: 'The customer left.' }, caller);

    expect(run).toMatchObject({
      status: 'cancelled',
      outcome: 'abandoned',
      error: { code: 'cancelled', detail: 'The customer left.' },
    });
    await expect(runtime.ask(contract.cancelRun, { runId }, caller)).rejects.toEqual(code('run_already_ended'));
    expect(await runtime.factsUntil(`run:${runId}`, contract.runCancelled)).toEqual([
      contract.runStarted.type,
      contract.runCancelled.type,
    ]);
    expect(textsOf(runId)).toEqual([text]);
  });

  it('wakes the caller who waits for the run', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const text = newId('cor');
    const waiting = runtime.run(agent, [{ do: 'wait', ms: 20_000, text }]);
    await beginning(text);
    const [run] = (await runtime.ask(contract.listRuns, { agentId: agent.agentId }, operatorOf(agent.tenantId))).data;

    await runtime.ask(contract.cancelRun, { runId: run?.runId ?? 'run_' }, operatorOf(agent.tenantId));

    expect((await waiting).status).toBe('cancelled');
  });

  it.each([
    ['the agent’s', { timeoutSeconds: 1 }, {}],
    ['the call’s', {}, { timeoutSeconds: 1 }],
  ])('a run that takes longer than %s time limit times out', async (_whose, config, over) => {
    const agent = await runtime.agent(runtime.tenant(), config);

    const run = await runtime.run(agent, [{ do: 'note' }, { do: 'hang', ms: 20_000 }], over);

    // Before what hangs is over, and while its caller still waits.
    expect(run).toMatchObject({ status: 'timed_out', outcome: 'failed', stepsCount: 1, error: { code: 'timed_out' } });
    await runtime.event(contract.runTimedOut, `run:${run.runId}`);
  });

  it('a suspended tenant’s runs stop, once; other tenants’ go on', async () => {
    const [agent, other] = [await runtime.agent(runtime.tenant()), await runtime.agent(runtime.tenant())];
    const [text, otherText] = [newId('cor'), newId('cor')];
    const mine = runtime.run(agent, [{ do: 'wait', ms: 20_000, text }]);
    const theirs = runtime.run(other, [{ do: 'wait', ms: 500, text: otherText }]);
    await Promise.all([beginning(text), beginning(otherText)]);
    const suspended = { tenantId: agent.tenantId, from: 'active', reason: 'unpaid' } as const;
    const eventId = newId('evt');

    await runtime.publish(tenantSuspended, agent.tenantId, suspended, { id: eventId });
    await runtime.publish(tenantSuspended, agent.tenantId, suspended, { id: eventId });

    expect(await mine).toMatchObject({ status: 'cancelled', error: { code: 'tenant_inactive' } });
    expect(await theirs).toMatchObject({ status: 'completed' });
  });

  it('a deleted tenant’s runs end, and then nothing of them is left', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const other = await runtime.agent(runtime.tenant());
    const caller = operatorOf(agent.tenantId);
    const text = newId('cor');
    await runtime.run(agent, [{ do: 'note' }, { do: 'ticket', text }]);
    await runtime.requestOf(await runtime.run(agent, [{ do: 'interrupt' }], { waitSeconds: 0 }));
    const { runId } = await runtime.run(agent, [{ do: 'wait', ms: 20_000, text }], { waitSeconds: 0 });
    await beginning(text);
    const kept = await runtime.run(other, [{ do: 'note' }]);
    const tables = ['runs', 'run_steps', 'run_requests', 'run_leases', 'effects', 'tickets', 'agents'];
    const left = async () => {
      const counts = tables.map((table) => runtime.rows(`select 1 from ${table} where tenant_id = $1`, [agent.tenantId]));
      return (await Promise.all(counts)).map((rows) => rows.length);
    };
    const before = await left();

    await runtime.publish(tenantDeleted, agent.tenantId, { tenantId: agent.tenantId, force: true });

    await runtime.event(contract.runCancelled, `run:${runId}`);
    await runtime.event(contract.agentDeleted, `agent:${agent.agentId}`);
    await eventually(async () => expect(await left()).toEqual(tables.map(() => 0)));
    expect(before.every((count) => count > 0)).toBe(true);
    await expect(runtime.ask(contract.getRun, { runId }, caller)).rejects.toMatchObject({ code: 'run_not_found' });
    expect(await runtime.ask(contract.getRun, { runId: kept.runId }, operatorOf(other.tenantId))).toMatchObject({
      status: 'completed',
    });
  });
});
