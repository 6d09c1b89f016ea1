import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentId, OutputOf, RunId, TenantCaller, TenantId } from '@support101/contracts';
import * as runtime from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/governance';
import * as hitl from '@support101/contracts/hitl';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { adminOf } from '@support101/service-testing';
import { LoneGovernance } from './lone-governance.js';

let governance: LoneGovernance;
let acme: TenantId;
let admin: TenantCaller;

beforeAll(async () => {
  governance = await LoneGovernance.boot();
});

beforeEach(() => {
  acme = newId('ten');
  admin = adminOf(acme);
});

afterAll(async () => {
  await governance?.close();
});

const blueprint = { blueprint: 'support_agent', blueprintVersion: '1.0.0' };
const usage = { inputTokens: 10, outputTokens: 2, costMicroUsd: 7, model: 'local/x' };
const ending = { ...blueprint, stepsCount: 3, durationMs: 5, usage };
const reason = { code: 'x', detail: 'y' };
const dashboard = () => governance.ask(contract.getDashboard, {}, admin);
const stats = () => governance.ask(contract.governanceStats, {}, admin);
const activeAgents = (input: { limit?: number; cursor?: string } = {}) => governance.ask(contract.listActiveAgents, input, admin);
const numbers = ({ agents, runs, hitl: requests }: OutputOf<typeof contract.getDashboard>) => ({
  agents,
  unfinished: runs.unfinished,
  waiting: runs.awaitingHuman,
  open: requests.open,
});

async function agent(name = 'Helper'): Promise<AgentId> {
  const agentId = newId('agt');
  await governance.happened(runtime.agentCreated, { agentId, name, ...blueprint }, admin);
  return agentId;
}

async function start(agentId: AgentId): Promise<{ runId: RunId; agentId: AgentId }> {
  const run = { runId: newId('run'), agentId };
  await governance.happened(runtime.runStarted, { ...run, ...blueprint }, admin);
  return run;
}

async function ask(run: { runId: RunId; agentId: AgentId }) {
  const wish = { type: 'review', priority: 'high', title: 'x', question: 'y', context: {}, step: 2 } as const;
  const request = { ...run, requestId: newId('req') };
  await governance.happened(
    runtime.runHumanRequested,
    { ...request, ...wish, ...blueprint, options: ['edit'], evidence: [] },
    admin,
  );
  return request;
}

describe('the dashboard', () => {
  it('is empty where nothing has happened', async () => {
    expect(await dashboard()).toEqual({
      timestamp: governance.clock.now().toISOString(),
      agents: { total: 0, active: 0, awaitingHuman: 0 },
      runs: {
        unfinished: 0,
        awaitingHuman: 0,
        byOutcome: { resolved: 0, assisted: 0, escalated: 0, abandoned: 0, failed: 0 },
      },
      hitl: { open: 0, decided: 0, slaBreached: 0 },
      audit: { total: 0, denials: 0 },
      recentActivity: [],
    });
  });

  it('follows agents and their runs through waiting, going on and ending', async () => {
    const seen: unknown[] = [];
    const look = async () => seen.push(numbers(await dashboard()).agents);
    const [first, second] = [await agent(), await agent()];
    const runs = [await start(first), await start(first), await start(second)] as const;
    await look();
    const asked = [await ask(runs[0]), await ask(runs[2])] as const;
    await look();
    await governance.happened(runtime.runResumed, { ...asked[0], decision: 'edit' }, admin);
    await look();
    await governance.happened(runtime.runCompleted, { ...runs[0], ...ending, outcome: 'assisted' }, admin);
    await governance.happened(runtime.runFailed, { ...runs[1], ...ending, error: reason }, admin);
    await look();
    await governance.happened(runtime.runCancelled, { ...runs[2], ...ending, error: reason }, admin);
    await look();

    expect(seen).toEqual([
      { total: 2, active: 2, awaitingHuman: 0 },
      { total: 2, active: 2, awaitingHuman: 2 },
      { total: 2, active: 2, awaitingHuman: 1 },
      { total: 2, active: 1, awaitingHuman: 1 },
      { total: 2, active: 0, awaitingHuman: 0 },
    ]);
    expect((await dashboard()).runs).toEqual({
      unfinished: 0,
      awaitingHuman: 0,
      byOutcome: { resolved: 0, assisted: 1, escalated: 0, abandoned: 1, failed: 1 },
    });
  });

  it('counts an event once, and a run’s end also when its beginning was not heard of', async () => {
    const run = { runId: newId('run'), agentId: await agent() };
    const event = await governance.happened(runtime.runTimedOut, { ...run, ...ending, error: reason }, admin);

    await governance.tell({ ...event }, { ...event });

    expect(numbers(await dashboard())).toEqual({
      agents: { total: 1, active: 0, awaitingHuman: 0 },
      unfinished: 0,
      waiting: 0,
      open: 0,
    });
    expect((await stats()).runs).toMatchObject({ started: 0, timedOut: 1 });
  });

  it('knows an agent whose run was heard of before it, and forgets one that was deleted with its runs', async () => {
    const agentId = newId('agt');
    const run = await start(agentId);
    await ask(run);
    const before = await activeAgents();
    await governance.happened(runtime.agentCreated, { agentId, name: 'Late', ...blueprint }, admin);
    const after = await activeAgents();
    await governance.happened(runtime.agentDeleted, { agentId, name: 'Late', blueprint: 'support_agent' }, admin);
    await governance.happened(runtime.runCancelled, { ...run, ...ending, error: reason }, admin);

    expect([before, after].map(({ data }) => data.map(({ name }) => name))).toEqual([[null], ['Late']]);
    expect(numbers(await dashboard())).toEqual({
      agents: { total: 0, active: 0, awaitingHuman: 0 },
      unfinished: 0,
      waiting: 0,
      open: 0,
    });
  });

  it('shows the last ten things that happened, newest first, without their details', async () => {
    const made: AgentId[] = [];
    for (let index = 0; index < 12; index += 1) made.unshift(await agent());

    const { recentActivity, audit } = await dashboard();

    expect(recentActivity.map(({ agentId }) => agentId)).toEqual(made.slice(0, 10));
    expect(recentActivity[0]).toMatchObject({ eventType: 'agent_created', principal: { type: 'key', id: 'key_of_a_test' } });
    expect(recentActivity[0]).not.toHaveProperty('details');
    expect(audit).toEqual({ total: 12, denials: 0 });
  });

  it('shows nothing of another tenant, nor of one that is gone', async () => {
    await start(await agent());
    await governance.ask(contract.getDashboard, {}, adminOf(newId('ten')));

    await governance.happened(tenantDeleted, { tenantId: acme, force: true }, admin);

    expect(numbers(await dashboard())).toMatchObject({ agents: { total: 0, active: 0, awaitingHuman: 0 }, unfinished: 0 });
    expect((await activeAgents()).data).toEqual([]);
  });
});

describe('what comes late', () => {
  it('of a deleted tenant changes nothing', async () => {
    const agentId = await agent();
    const run = await start(agentId);
    await ask(run);
    await governance.happened(tenantDeleted, { tenantId: acme, force: true }, admin);
    const before = [numbers(await dashboard()), await stats(), await activeAgents()];

    await start(agentId);
    await governance.happened(runtime.runCancelled, { ...run, ...ending, error: reason }, admin);
    await governance.happened(runtime.agentDeleted, { agentId, name: 'Helper', blueprint: 'support_agent' }, admin);

    expect([numbers(await dashboard()), await stats(), await activeAgents()]).toEqual(before);
    expect(before[0]).toEqual({ agents: { total: 0, active: 0, awaitingHuman: 0 }, unfinished: 0, waiting: 0, open: 0 });
  });

  it('shows no agent less than none when an end is heard of first', async () => {
    await governance.happened(runtime.agentDeleted, { agentId: newId('agt'), name: 'x', blueprint: 'support_agent' }, admin);

    expect((await dashboard()).agents.total).toBe(0);
  });
});

describe('active agents', () => {
  it('are those with unfinished runs, newest first, page by page', async () => {
    const agents = [await agent('one'), await agent('two'), await agent('idle'), await agent('three')];
    for (const [index, agentId] of agents.entries()) if (index !== 2) await start(agentId);
    const [one] = agents as [AgentId];
    await ask(await start(one));
    await governance.happened(runtime.agentUpdated, { agentId: one, name: 'uno', changed: ['name'], version: 2 }, admin);

    const first = await activeAgents({ limit: 2 });
    const rest = await activeAgents({ limit: 2, cursor: first.nextCursor ?? '' });

    expect(first.data.map(({ name }) => name)).toEqual(['three', 'two']);
    expect(rest).toEqual({
      data: [
        {
          agentId: one,
          name: 'uno',
          blueprint: 'support_agent',
          unfinishedRuns: 2,
          awaitingHuman: 1,
          lastActivityAt: governance.clock.now().toISOString(),
        },
      ],
      nextCursor: null,
    });
  });

  it.each(['x', btoa('["run_x"]')])('refuse the cursor %s', async (cursor) => {
    await expect(activeAgents({ cursor })).rejects.toMatchObject({ code: 'cursor_invalid' });
  });
});

describe('stats', () => {
  it('count what people were asked and decided', async () => {
    const request = () => ({ requestId: newId('req'), runId: null, agentId: null, type: 'review', priority: 'low' }) as const;
    const [approved, odd, expired, cancelled, breached] = [request(), request(), request(), request(), request()] as const;
    const requests = [approved, odd, expired, cancelled, breached, request()];
    const slaDeadline = governance.clock.now().toISOString();
    const decided = { decidedBy: { type: 'key', id: 'x' }, secondsToDecision: 1, version: 2 };
    for (const each of requests) await governance.happened(hitl.requestOpened, { ...each, title: 'x', slaDeadline }, admin);

    await governance.happened(hitl.requestDecided, { ...approved, ...decided, decision: 'approve' }, admin);
    await governance.happened(hitl.requestDecided, { ...odd, ...decided, decision: 'send_flowers' }, admin);
    await governance.happened(hitl.requestExpired, expired, admin);
    await governance.happened(hitl.requestCancelled, { ...cancelled, reason: 'x' }, admin);
    await governance.happened(hitl.requestSlaBreached, { ...breached, slaDeadline, assignedTo: null }, admin);
    await governance.happened(hitl.requestRefused, { ...request(), limit: 1 }, admin);

    expect((await stats()).hitl).toEqual({
      opened: 6,
      refused: 1,
      expired: 1,
      cancelled: 1,
      slaBreached: 1,
      escalations: 0,
      decisions: { approve: 1, edit: 0, respond: 0, reject: 0, other: 1 },
    });
    expect((await dashboard()).hitl).toEqual({ open: 2, decided: 2, slaBreached: 1 });
  });

  it('count runs, what they spent, and entries by type, refusals among them', async () => {
    const run = await start(await agent());
    const step = { ...run, step: 1, action: 'search', tool: null, outcome: 'success', durationMs: 1 };
    await governance.happened(runtime.runStepExecuted, step, admin);
    await governance.happened(runtime.runCompleted, { ...run, ...ending, outcome: 'resolved' }, admin);
    const refusal = {
      eventId: newId('evt'),
      eventType: 'security_violation' as const,
      action: 'x',
      resource: 'x',
      outcome: 'forbidden',
      principal: { type: 'key', id: 'x' },
      correlationId: 'x',
      details: {},
      time: governance.clock.now().toISOString(),
    };
    await governance.ask(contract.recordAudit, { tenantId: acme, entries: [refusal] }, admin);

    const counted = await stats();

    expect(counted).toMatchObject({
      agents: { created: 1, deleted: 0 },
      runs: { started: 1, completed: 1, failed: 0, steps: 1, inputTokens: 10, outputTokens: 2, costMicroUsd: 7 },
      audit: { total: 5, denials: 1 },
    });
    expect(counted.audit.byType).toEqual({
      agent_created: 1,
      execution_started: 1,
      step_executed: 1,
      execution_completed: 1,
      security_violation: 1,
    });
  });
});

it('answers every contract and gives every error it declares', () => {
  expect(governance.unseen((subject) => subject.startsWith('governance.dashboard.'))).toEqual([]);
});
