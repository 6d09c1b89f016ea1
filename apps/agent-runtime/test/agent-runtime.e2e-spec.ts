import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeCursor, type Caller } from '@support101/contracts';
import * as contract from '@support101/contracts/agent-runtime';
import { tenantSuspended } from '@support101/contracts/tenancy';
import { operatorOf } from '@support101/service-testing';
import { limits, LoneRuntime } from './lone-runtime.js';

const unknownAgent = 'agt_01jd5m6wz5f9r8x2k3c4v7b6n1' as const;
const code = (expected: string) => expect.objectContaining({ code: expected });

let runtime: LoneRuntime;

beforeAll(async () => {
  runtime = await LoneRuntime.boot();
});

afterAll(async () => {
  await runtime?.close();
});

describe('blueprints', () => {
  it('are listed in their newest version, with schemas, defaults and tools', async () => {
    const caller = operatorOf(runtime.tenant());

    const { data, nextCursor } = await runtime.ask(contract.listBlueprints, {}, caller);

    expect(nextCursor).toBeNull();
    expect(data.map(({ name }) => name)).toEqual(['scripted', 'support_agent']);
    expect(data[0]).toEqual(
      expect.objectContaining({
        name: 'scripted',
        version: '1.1.0',
        defaultConfig: { maxIterations: 10, timeoutSeconds: 30, tone: 'warm' },
        inputSchema: expect.objectContaining({ type: 'object', required: ['script'] }),
      }),
    );
    expect(data[0]?.tools).toContainEqual(expect.objectContaining({ name: 'pay', effect: 'write', requiresApproval: true }));
    expect(await runtime.ask(contract.getBlueprint, { name: 'scripted' }, caller)).toEqual(data[0]);
  });

  it('are listed page by page', async () => {
    const caller = operatorOf(runtime.tenant());

    const first = await runtime.ask(contract.listBlueprints, { limit: 1 }, caller);
    const second = await runtime.ask(contract.listBlueprints, { limit: 1, cursor: first.nextCursor ?? '' }, caller);

    expect([...first.data, ...second.data].map(({ name }) => name)).toEqual(['scripted', 'support_agent']);
    expect(second.nextCursor).toBeNull();
  });

  it('that do not exist are not found; a cursor of another list is refused', async () => {
    const caller = operatorOf(runtime.tenant());

    await expect(runtime.ask(contract.getBlueprint, { name: 'nothing' }, caller)).rejects.toEqual(code('blueprint_not_found'));
    await expect(runtime.ask(contract.listBlueprints, { cursor: encodeCursor([1]) }, caller)).rejects.toEqual(
      code('cursor_invalid'),
    );
  });
});

describe('creating an agent', () => {
  it('gives it an id, the newest blueprint and the defaults, and says so in an event', async () => {
    const tenantId = runtime.tenant();
    const input = { blueprint: 'scripted', name: 'Ada', description: 'Answers', config: { tone: 'short' } };

    const agent = await runtime.ask(contract.createAgent, input, operatorOf(tenantId));

    expect(agent).toMatchObject({
      tenantId,
      name: 'Ada',
      description: 'Answers',
      blueprint: 'scripted',
      blueprintVersion: '1.1.0',
      status: 'active',
      version: 1,
      config: {
        maxIterations: 10,
        timeoutSeconds: 30,
        tone: 'short',
      },
    });
    const event = await runtime.event(contract.agentCreated, `agent:${agent.agentId}`);
    expect(event).toMatchObject({ tenantid: tenantId, principalid: 'key_of_a_test', data: { blueprint: 'scripted' } });
  });

  it('happens once however often one idempotency key is sent', async () => {
    const caller: Caller = { ...operatorOf(runtime.tenant()), idempotencyKey: 'make-ada' };
    const input = { blueprint: 'scripted', name: 'Ada' };

    const first = await runtime.askForReply(contract.createAgent, input, caller);
    const again = await runtime.askForReply(contract.createAgent, input, caller);

    expect(again.output).toEqual(first.output);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect((await runtime.ask(contract.listAgents, {}, caller)).data).toHaveLength(1);
  });

  it.each([
    ['an unknown blueprint', { blueprint: 'nothing', name: 'Ada' }, 'blueprint_not_found'],
    [
      'an unknown field of the configuration',
      { blueprint: 'scripted', name: 'Ada', config: { agentId: 'agt_x' } },
      'blueprint_config_invalid',
    ],
    [
      'a time limit below zero',
      { blueprint: 'scripted', name: 'Ada', config: { timeoutSeconds: -5 } },
      'blueprint_config_invalid',
    ],
    ['a billion steps', { blueprint: 'scripted', name: 'Ada', config: { maxIterations: 1e9 } }, 'blueprint_config_invalid'],
    ['NUL in its name', { blueprint: 'scripted', name: 'A\u0000' }, 'validation_failed'],
  ])('with %s is refused', async (_what, input, expected) => {
    await expect(runtime.ask(contract.createAgent, input, operatorOf(runtime.tenant()))).rejects.toEqual(code(expected));
  });

  it('is refused for a blueprint the tenant may not use, and for a tenant that may not work', async () => {
    const input = { blueprint: 'scripted', name: 'Ada' };
    const limited = operatorOf(runtime.tenant({ allowedBlueprints: ['other'] }));
    const suspended = operatorOf(runtime.tenant({ status: 'suspended' }));

    await expect(runtime.ask(contract.createAgent, input, limited)).rejects.toEqual(code('blueprint_not_allowed'));
    await expect(runtime.ask(contract.createAgent, input, suspended)).rejects.toEqual(code('tenant_inactive'));
  });
});

describe('agents', () => {
  it('are listed newest first, page by page, with filters, to their own tenant only', async () => {
    const tenantId = runtime.tenant();
    const caller = operatorOf(tenantId);
    const made: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      made.unshift((await runtime.agent(tenantId)).agentId);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }

    const first = await runtime.ask(contract.listAgents, { limit: 2, status: 'active' }, caller);
    const second = await runtime.ask(contract.listAgents, { limit: 2, status: 'active', cursor: first.nextCursor ?? '' }, caller);

    expect([...first.data, ...second.data].map(({ agentId }) => agentId)).toEqual(made);
    expect(second.nextCursor).toBeNull();
    expect((await runtime.ask(contract.listAgents, { blueprint: 'other' }, caller)).data).toEqual([]);
    expect((await runtime.ask(contract.listAgents, {}, operatorOf(runtime.tenant()))).data).toEqual([]);
    await expect(runtime.ask(contract.listAgents, { cursor: 'xyz' }, caller)).rejects.toEqual(code('cursor_invalid'));
  });

  it('of another tenant, or none, are not found, whatever is asked of them', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const other = operatorOf(runtime.tenant());

    for (const agentId of [agent.agentId, unknownAgent]) {
      for (const asked of [contract.getAgent, contract.updateAgent, contract.deleteAgent, contract.getAgentState] as const) {
        await expect(runtime.ask(asked, { agentId }, other)).rejects.toEqual(code('agent_not_found'));
      }
      const start = { agentId, input: { script: [] } };
      await expect(runtime.ask(contract.executeAgent, start, other)).rejects.toEqual(code('agent_not_found'));
    }
    expect(await runtime.ask(contract.getAgent, { agentId: agent.agentId }, operatorOf(agent.tenantId))).toEqual(agent);
  });

  it('change field by field, with a new version and an event that names the fields', async () => {
    const agent = await runtime.agent(runtime.tenant(), { maxIterations: 3, tone: 'short' });
    const caller = operatorOf(agent.tenantId);
    const { agentId } = agent;

    const changed = await runtime.ask(
      contract.updateAgent,
      { agentId, name: 'Bo', config: { tone: null, timeoutSeconds: 9 } },
      caller,
    );
    const same = await runtime.ask(contract.updateAgent, { agentId, name: 'Bo', expectedVersion: 2 }, caller);

    expect(changed).toMatchObject({ name: 'Bo', version: 2, config: { maxIterations: 3, timeoutSeconds: 9, tone: 'warm' } });
    expect(same).toEqual(changed);
    const event = await runtime.event(contract.agentUpdated, `agent:${agentId}`);
    expect(event.data).toEqual({ agentId, name: 'Bo', changed: ['name', 'config'], version: 2 });
    await expect(runtime.ask(contract.updateAgent, { agentId, name: 'C', expectedVersion: 1 }, caller)).rejects.toEqual(
      code('version_mismatch'),
    );
    await expect(runtime.ask(contract.updateAgent, { agentId, config: { nope: 1 } }, caller)).rejects.toEqual(
      code('blueprint_config_invalid'),
    );
  });

  it('of two changes at once that expect one version, one is made', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const change = (name: string) =>
      runtime.ask(contract.updateAgent, { agentId: agent.agentId, name, expectedVersion: 1 }, operatorOf(agent.tenantId));

    const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map(change));

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('are deleted when they have no unfinished run; their finished runs stay readable', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const caller = operatorOf(agent.tenantId);
    const { agentId } = agent;
    const finished = await runtime.run(agent, [{ do: 'note', text: 'done' }]);
    const running = await runtime.run(agent, [{ do: 'wait', ms: 30_000 }], { waitSeconds: 0 });

    await expect(runtime.ask(contract.deleteAgent, { agentId }, caller)).rejects.toEqual(code('agent_busy'));
    await runtime.ask(contract.cancelRun, { runId: running.runId }, caller);
    await runtime.ask(contract.deleteAgent, { agentId }, caller);

    await expect(runtime.ask(contract.getAgent, { agentId }, caller)).rejects.toEqual(code('agent_not_found'));
    expect(await runtime.ask(contract.getRun, { runId: finished.runId }, caller)).toEqual(finished);
    expect(await runtime.ask(contract.traceRun, { runId: finished.runId }, caller)).toMatchObject({
      run: finished,
      decisions: [],
    });
    await runtime.event(contract.agentDeleted, `agent:${agentId}`);
  });

  it('are counted with their runs: for their tenant, and for other services', async () => {
    const tenantId = runtime.tenant();
    const [first, second] = [await runtime.agent(tenantId), await runtime.agent(tenantId)];
    const caller = operatorOf(tenantId);
    await runtime.ask(contract.updateAgent, { agentId: second.agentId, status: 'disabled' }, caller);
    await runtime.run(first, []);

    expect(await runtime.ask(contract.agentStats, {}, caller)).toEqual({
      totalAgents: 2,
      totalBlueprints: 2,
      byStatus: {
        active: 1,
        disabled: 1,
      },
      byBlueprint: { scripted: 2 },
      runsByStatus: { completed: 1 },
    });
    expect(await runtime.ask(contract.countAgents, { tenantId }, caller)).toEqual({ total: 2 });
    expect((await runtime.ask(contract.countAgents, {}, caller)).total).toBeGreaterThan(2);
  });
});

describe('starting a run', () => {
  it('is refused for a disabled agent, for input that does not fit, and when the blueprint’s version is gone', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const caller = operatorOf(agent.tenantId);
    const { agentId } = agent;

    await expect(runtime.ask(contract.executeAgent, { agentId, input: { query: 'How?' } }, caller)).rejects.toMatchObject({
      code: 'run_input_invalid',
      issues: expect.arrayContaining([expect.objectContaining({ path: '/script' })]),
    });
    await runtime.ask(contract.updateAgent, { agentId, status: 'disabled' }, caller);
    await expect(runtime.run(agent, [])).rejects.toEqual(code('agent_disabled'));
    await runtime.ask(contract.updateAgent, { agentId, status: 'active' }, caller);
    await runtime.rows(`update agents set blueprint_version = '0.9.0' where id = $1`, [agentId]);
    await expect(runtime.run(agent, [])).rejects.toEqual(code('blueprint_not_found'));
    expect((await runtime.ask(contract.listRuns, { agentId }, caller)).data).toEqual([]);
  });

  it.each([undefined, 'too-large'])('is refused for an input with which it could not be shown (key: %s)', async (key) => {
    const tenantId = runtime.tenant();
    const agent = await runtime.agent(tenantId);
    const caller: Caller = { ...operatorOf(tenantId), ...(key === undefined ? {} : { idempotencyKey: key }) };
    const input = { script: [{ do: 'note', text: 'x'.repeat(500_100) }] };

    const refused = runtime.ask(contract.executeAgent, { agentId: agent.agentId, input }, caller);

    await expect(refused).rejects.toEqual(code('payload_too_large'));
    expect((await runtime.ask(contract.listRuns, {}, operatorOf(tenantId))).data).toEqual([]);
  });

  it('is refused for a tenant that may not work', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const standing = runtime.tenants.get(agent.tenantId);
    if (standing !== undefined) runtime.tenants.set(agent.tenantId, { ...standing, status: 'suspended' });

    await runtime.publish(tenantSuspended, agent.tenantId, { tenantId: agent.tenantId, from: 'active', reason: 'unpaid' });

    await expect(runtime.run(agent, [])).rejects.toEqual(code('tenant_inactive'));
  });

  it('uses the version the agent was made with, although there is a newer one', async () => {
    const agent = await runtime.agent(runtime.tenant());
    await runtime.rows(`update agents set blueprint_version = '1.0.0' where id = $1`, [agent.agentId]);

    expect(await runtime.run(agent, [])).toMatchObject({ status: 'completed', blueprintVersion: '1.0.0' });
  });
});

describe('runs', () => {
  it('are listed newest first, page by page, with filters, to their own tenant only', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const caller = operatorOf(agent.tenantId);
    const made: string[] = [];
    for (const end of ['finish', 'fail', 'finish']) {
      made.unshift((await runtime.run(agent, [], { end })).runId);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }

    const first = await runtime.ask(contract.listRuns, { limit: 2 }, caller);
    const second = await runtime.ask(contract.listRuns, { limit: 2, cursor: first.nextCursor ?? '' }, caller);
    const failed = await runtime.ask(contract.listRuns, { status: 'failed', agentId: agent.agentId }, caller);

    expect([...first.data, ...second.data].map(({ runId }) => runId)).toEqual(made);
    expect(second.nextCursor).toBeNull();
    expect(failed.data.map(({ runId }) => runId)).toEqual([made[1]]);
    expect((await runtime.ask(contract.listRuns, {}, operatorOf(runtime.tenant()))).data).toEqual([]);
    await expect(runtime.ask(contract.listRuns, { cursor: encodeCursor([agent.agentId]) }, caller)).rejects.toEqual(
      code('cursor_invalid'),
    );
  });

  it('of another tenant, or none, are not found, whatever is asked of them', async () => {
    const run = await runtime.run(await runtime.agent(runtime.tenant()), []);
    const other = operatorOf(runtime.tenant());

    for (const runId of [run.runId, 'run_01jd5m6wz5f9r8x2k3c4v7b6n1'] as const) {
      for (const asked of [contract.getRun, contract.listRunSteps, contract.cancelRun, contract.traceRun] as const) {
        await expect(runtime.ask(asked, { runId }, other)).rejects.toEqual(code('run_not_found'));
      }
    }
  });

  it('that have ended cannot be cancelled', async () => {
    const run = await runtime.run(await runtime.agent(runtime.tenant()), []);

    const cancel = runtime.ask(contract.cancelRun, { runId: run.runId }, operatorOf(run.tenantId));

    await expect(cancel).rejects.toEqual(code('run_already_ended'));
  });

  it('show their steps in order, page by page', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const caller = operatorOf(agent.tenantId);
    const { runId } = await runtime.run(agent, [
      { do: 'search', text: 'password' },
      { do: 'note', text: 'b' },
      { do: 'note', text: 'c' },
    ]);

    const first = await runtime.ask(contract.listRunSteps, { runId, limit: 2 }, caller);
    const second = await runtime.ask(contract.listRunSteps, { runId, limit: 2, cursor: first.nextCursor ?? '' }, caller);

    expect(first.data).toMatchObject([
      {
        step: 0,
        action: 'search',
        outcome: 'success',
        tools: [{ tool: 'search', outcome: 'success' }],
        result: { note: 'Reset your password' },
      },
      { step: 1, action: 'note', result: { note: 'b' } },
    ]);
    expect(second).toMatchObject({ data: [{ step: 2, result: { note: 'c' } }], nextCursor: null });
    await expect(runtime.ask(contract.listRunSteps, { runId, cursor: encodeCursor(['x']) }, caller)).rejects.toEqual(
      code('cursor_invalid'),
    );
  });

  it('are the agent’s state: idle before the first, then that of the latest', async () => {
    const agent = await runtime.agent(runtime.tenant());
    const caller = operatorOf(agent.tenantId);
    const { agentId } = agent;

    const idle = await runtime.ask(contract.getAgentState, { agentId }, caller);
    const run = await runtime.run(agent, [
      { do: 'note', text: 'a' },
      { do: 'note', text: 'b' },
    ]);
    const after = await runtime.ask(contract.getAgentState, { agentId }, caller);

    expect(idle).toEqual({ agentId, runId: null, status: 'idle', state: null, stepsCount: 0, updatedAt: null });
    expect(after).toMatchObject({ runId: run.runId, status: 'completed', stepsCount: 2, state: { done: 2, notes: ['a', 'b'] } });
    expect(after.updatedAt).toBe(run.completedAt);
  });
});

describe('the limits of a tenant', () => {
  it('bound how many agents it has and how many runs are at work', async () => {
    const tenantId = runtime.tenant({ limits: { ...limits, maxConcurrentExecutions: 0 } });
    const agent = await runtime.agent(tenantId);
    runtime.roomFor = 0;

    await expect(runtime.agent(tenantId)).rejects.toEqual(code('limit_exceeded'));
    await expect(runtime.run(agent, [])).rejects.toEqual(code('limit_exceeded'));
    runtime.roomFor = Number.POSITIVE_INFINITY;
  });
});

describe('the contracts of agent-runtime', () => {
  it('were all answered, and every error they declare came', () => {
    expect(runtime.unseen()).toEqual([]);
  });
});
