import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/agent-runtime';
import { digestText, requestCancelled, requestExpired, requestRefused } from '@support101/contracts/hitl';
import { newId } from '@support101/service-kit';
import { operatorOf } from '@support101/service-testing';
import { eventually } from '@support101/testing';
import { createHash } from 'node:crypto';
import { LoneRuntime } from './lone-runtime.js';
import { deeds, flaws } from './scripted.js';

let runtime: LoneRuntime;

beforeAll(async () => {
  runtime = await LoneRuntime.boot();
});

afterAll(async () => {
  await runtime?.close();
});

const get = ({ runId, tenantId }: contract.Run) => runtime.ask(contract.getRun, { runId }, operatorOf(tenantId));
const ended = (run: contract.Run) =>
  eventually(async () => {
    const now = await get(run);
    if (!contract.hasEnded(now.status)) throw new Error(`still ${now.status}`);
    return now;
  });
const textsOf = (run: contract.Run) => deeds.filter((deed) => deed.runId === run.runId).map(({ text }) => text);

/** A run of a script that has come to a question, and the question. */
async function asking(script: readonly object[], config: Record<string, unknown> = {}) {
  const agent = await runtime.agent(runtime.tenant(), config);
  const started = await runtime.run(agent, script, { waitSeconds: 0 });
  const request = await runtime.requestOf(started);
  return { run: await get(started), request };
}

describe('a run that needs a person', () => {
  it('waits without a worker, says for which request, and tells all that the person needs', async () => {
    const { run, request } = await asking([{ do: 'note', text: 'before' }, { do: 'interrupt' }, { do: 'note', text: 'after' }]);

    expect(run).toMatchObject({
      status: 'awaiting_human',
      awaiting: { requestId: request.requestId },
      stepsCount: 2,
      output: null,
    });
    expect(request).toMatchObject({
      runId: run.runId,
      agentId: run.agentId,
      blueprint: 'scripted',
      step: 1,
      type: 'clarification',
      options: ['respond', 'reject'],
      question: 'Which one?',
    });
    const [lease] = await runtime.rows<{ free: boolean }>(
      `select expires_at = 'infinity' and deadline_at is null as free from run_leases where run_id = $1`,
      [run.runId],
    );
    expect(lease).toEqual({ free: true });
    expect(textsOf(run)).toEqual(['before', '']);
  });

  it('goes on from there with the decision, once, however often it is told', async () => {
    const { run, request } = await asking([{ do: 'interrupt' }, { do: 'note', text: 'after' }]);
    const eventId = newId('evt');

    await runtime.decide(run, request, { decision: 'respond', response: 'The red one.' }, eventId);
    await runtime.decide(run, request, { decision: 'respond', response: 'The red one.' }, eventId);
    await runtime.decide(run, request, { decision: 'reject' });
    const done = await ended(run);

    expect(done).toMatchObject({
      status: 'completed',
      output: { notes: ['', 'respond: The red one.', 'after'] },
      stepsCount: 3,
    });
    expect(done).not.toHaveProperty('awaiting');
    const facts = await runtime.factsUntil(`run:${run.runId}`, contract.runCompleted);
    expect(facts.filter((type) => type === contract.runResumed.type)).toHaveLength(1);
    expect((await runtime.event(contract.runCompleted, `run:${run.runId}`)).data).toMatchObject({ requestId: request.requestId });
    const trace = await runtime.ask(contract.traceRun, { runId: run.runId }, operatorOf(run.tenantId));
    expect(trace.decisions).toEqual([
      { requestId: request.requestId, decision: 'respond', response: 'The red one.', decidedBy: 'usr_reviewer' },
    ]);
    expect(trace.steps.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'interrupt interrupted',
      'resume success',
      'note success',
    ]);
  });

  it('can be traced by its own tenant only', async () => {
    const { run } = await asking([{ do: 'interrupt' }]);

    const trace = (tenantId: TenantId) => runtime.ask(contract.traceRun, { runId: run.runId }, operatorOf(tenantId));

    expect((await trace(run.tenantId)).run.runId).toBe(run.runId);
    await expect(trace(runtime.tenant())).rejects.toMatchObject({ code: 'run_not_found' });
  });

  it('does not hear a decision about another request, or of another tenant', async () => {
    const { run, request } = await asking([{ do: 'interrupt' }]);

    await runtime.decide(run, { ...request, requestId: newId('req') }, { decision: 'respond', response: 'x' });
    await runtime.decide({ ...run, tenantId: runtime.tenant() }, request, { decision: 'respond', response: 'x' });

    expect((await get(run)).status).toBe('awaiting_human');
  });

  it('does not count the decision as one of the agent’s steps', async () => {
    const { run, request } = await asking([{ do: 'interrupt' }, { do: 'note', text: 'second' }], { maxIterations: 2 });

    await runtime.decide(run, request, { decision: 'respond', response: 'ok' });

    expect(await ended(run)).toMatchObject({ status: 'completed', stepsCount: 3 });
  });

  it('keeps its time limit for when it goes on', async () => {
    const { run, request } = await asking([{ do: 'interrupt' }, { do: 'note', text: 'late' }], { timeoutSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_200));

    await runtime.decide(run, request, { decision: 'respond', response: 'ok' });

    expect(await ended(run)).toMatchObject({ status: 'completed' });
  });

  it('can be cancelled, and a late decision changes nothing', async () => {
    const { run, request } = await asking([{ do: 'interrupt' }]);

    const cancelled = await runtime.ask(contract.cancelRun, { runId: run.runId }, operatorOf(run.tenantId));
    await runtime.decide(run, request, { decision: 'respond', response: 'too late' });

    expect(cancelled.status).toBe('cancelled');
    expect(await get(run)).toEqual(cancelled);
    expect((await runtime.ask(contract.traceRun, { runId: run.runId }, operatorOf(run.tenantId))).decisions).toEqual([]);
  });

  it.each([
    ['expired', requestExpired, {}, 'human_request_expired', 'abandoned'],
    ['cancelled', requestCancelled, { reason: 'no longer needed' }, 'human_request_cancelled', 'abandoned'],
    ['refused', requestRefused, { limit: 1 }, 'hitl_queue_full', 'failed'],
  ] as const)('fails by name when the request is %s', async (_what, event, more, code, outcome) => {
    const { run, request } = await asking([{ do: 'interrupt' }]);
    const { requestId, type, priority } = request;

    await runtime.publish(event, run.tenantId, {
      requestId,
      runId: run.runId,
      agentId: run.agentId,
      type,
      priority,
      ...more,
    });

    expect(await ended(run)).toMatchObject({ status: 'failed', outcome, error: { code } });
  });

  it('fails as escalated when a person rejects', async () => {
    const { run, request } = await asking([{ do: 'interrupt' }]);

    await runtime.decide(run, request, { decision: 'reject' });

    expect(await ended(run)).toMatchObject({ status: 'failed', outcome: 'escalated', error: { code: 'rejected_by_reviewer' } });
  });

  it('is answered to the caller who waits as soon as the request can be seen', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const waiting = runtime.run(agent, [{ do: 'interrupt' }], { waitSeconds: 30 });
    const [run] = await eventually(async () => {
      const { data } = await runtime.ask(contract.listRuns, { agentId: agent.agentId }, operatorOf(agent.tenantId));
      if (data[0]?.status !== 'awaiting_human') throw new Error('not yet');
      return data;
    });

    const request = await runtime.requestOf(run as contract.Run);

    expect(await waiting).toMatchObject({ status: 'awaiting_human', awaiting: { requestId: request.requestId } });
  });
});

describe('the support agent', () => {
  const ask = async (tenantId: TenantId, query: string, config = {}) => {
    const caller = operatorOf(tenantId);
    const agent = await runtime.ask(contract.createAgent, { blueprint: 'support_agent', name: 'Ada', config }, caller);
    const input = { agentId: agent.agentId, input: { query }, waitSeconds: 0 };
    const run = await runtime.ask(contract.executeAgent, input, caller);
    return { run, request: await runtime.requestOf(run) };
  };

  it('gives what it cannot answer to a person, and answers in that person’s words', async () => {
    runtime.knowledge = [];
    const { run, request } = await ask(runtime.tenant(), 'Do you sell spare parts for the moon rover?', { openTicket: true });
    runtime.knowledge = ['Reset your password'];
    const answer = 'We do: write to parts@example.com.';

    await runtime.decide(run, request, { decision: 'edit', edits: { answer } });

    expect(await ended(run)).toMatchObject({
      status: 'completed',
      outcome: 'assisted',
      output: { answer, answeredBy: 'person', confidence: 1 },
    });
    expect(request).toMatchObject({
      question: 'Do you sell spare parts for the moon rover?',
      escalation: { rule: 'Low Confidence Response', level: 'l2' },
    });
    const tickets = await runtime.rows('select subject from tickets where run_id = $1', [run.runId]);
    expect(tickets).toHaveLength(1);
    await runtime.event(contract.ticketCreated, `ticket:${String(request.context['ticketId'])}`);
  });

  it('has an answer it would give looked at when the tenant’s rules want that, with the answer as the draft', async () => {
    const { run, request } = await ask(runtime.tenant(), 'My account was hacked. How do I reset my password?');

    expect(request).toMatchObject({
      type: 'escalation',
      priority: expect.stringMatching(/critical|medium/),
      draft: expect.stringContaining('Forgot password'),
      evidence: [{ articleId: expect.any(String), title: 'Reset your password' }],
    });
    await runtime.decide(run, request, { decision: 'approve' });
    expect(await ended(run)).toMatchObject({ status: 'completed', outcome: 'assisted', output: { answer: request.draft } });
    const { data } = await runtime.event(contract.runCompleted, `run:${run.runId}`);
    expect(data).toMatchObject({ usedArticleIds: [request.evidence[0]?.articleId], confidence: 1 });
  });
});

describe('an escalation rule', () => {
  it('asks once in a run whether to go on', async () => {
    const { run, request } = await asking([
      { do: 'signal', text: 'legal' },
      { do: 'signal', text: 'legal' },
    ]);

    await runtime.decide(run, request, { decision: 'approve' });

    expect(request).toMatchObject({
      type: 'escalation',
      priority: 'critical',
      escalation: { rule: 'Sensitive Topic', trigger: 'sensitive_topic', level: 'manager' },
    });
    expect(await ended(run)).toMatchObject({ status: 'completed', output: { notes: ['legal', 'legal'] } });
  });
});

describe('a call that needs approval', () => {
  const digestOf = (run: contract.Run, given: Record<string, unknown>) =>
    createHash('sha256')
      .update(digestText({ tool: 'pay', toolVersion: '1.0.0', arguments: given, tenantId: run.tenantId, runId: run.runId }))
      .digest('hex');

  it('is made with exactly the approved arguments, once', async () => {
    const { run, request } = await asking([
      { do: 'approve', text: 'five' },
      { do: 'note', text: 'after' },
    ]);
    expect(textsOf(run)).toEqual([]);
    expect(request).toMatchObject({
      type: 'approval',
      action: { tool: 'pay', toolVersion: '1.0.0', arguments: { text: 'five' }, digest: digestOf(run, { text: 'five' }) },
    });

    await runtime.decide(run, request, { decision: 'approve', actionDigest: digestOf(run, { text: 'five' }) });

    expect(await ended(run)).toMatchObject({ status: 'completed', output: { notes: ['five', 'after'] } });
    expect(textsOf(run)).toEqual(['five', 'after']);
  });

  it('is made with the arguments a person put in their place', async () => {
    const { run, request } = await asking([{ do: 'approve', text: 'five' }]);

    await runtime.decide(run, request, {
      decision: 'edit',
      edits: { text: 'four' },
      actionDigest: digestOf(run, { text: 'four' }),
    });

    expect(await ended(run)).toMatchObject({ status: 'completed' });
    expect(textsOf(run)).toEqual(['four']);
  });

  it('is not made on a decision about something else: a person is asked again', async () => {
    const { run, request } = await asking([{ do: 'approve', text: 'five' }]);

    await runtime.decide(run, request, { decision: 'approve', actionDigest: digestOf(run, { text: 'fifty' }) });

    await eventually(async () => {
      const now = await get(run);
      expect(now).toMatchObject({ status: 'awaiting_human' });
      expect(now.awaiting?.requestId).not.toBe(request.requestId);
    });
    expect(textsOf(run)).toEqual([]);
  });

  it('is not made when a person rejects it', async () => {
    const { run, request } = await asking([{ do: 'approve', text: 'five' }]);

    await runtime.decide(run, request, { decision: 'reject' });

    expect(await ended(run)).toMatchObject({ status: 'failed', error: { code: 'rejected_by_reviewer' } });
    expect(textsOf(run)).toEqual([]);
  });
});

describe('a call of which nobody knows whether it had its effect', () => {
  it.each([
    ['retry', 'completed', 2],
    ['skip', 'failed', 1],
    ['fail', 'failed', 1],
  ])('is decided by a person: %s', async (decision, status, calls) => {
    const text = newId('cor');
    flaws.set(text, 1);
    const { run, request } = await asking([{ do: 'pester', text }]);

    await runtime.decide(run, request, { decision });

    expect(request).toMatchObject({ priority: 'high', options: ['retry', 'skip', 'fail'] });
    expect((await ended(run)).status).toBe(status);
    expect(textsOf(run)).toHaveLength(calls);
  });

  it('asks again when it fails in the same way again', async () => {
    const text = newId('cor');
    flaws.set(text, 2);
    const { run, request } = await asking([{ do: 'pester', text }]);

    await runtime.decide(run, request, { decision: 'retry' });

    await eventually(async () => {
      const now = await get(run);
      expect(now.awaiting?.requestId).not.toBe(request.requestId);
      expect(now.status).toBe('awaiting_human');
    });
    expect(textsOf(run)).toHaveLength(2);
  });
});
