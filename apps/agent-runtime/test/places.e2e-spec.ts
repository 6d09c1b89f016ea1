import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller, TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/agent-runtime';
import { limitsChanged } from '@support101/contracts/tenancy';
import { operatorOf } from '@support101/service-testing';
import { eventually } from '@support101/testing';
import { limits, LoneRuntime } from './lone-runtime.js';
import { deeds } from './scripted.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const input = { blueprint: 'scripted', name: 'Ada' };

let runtime: LoneRuntime;

beforeAll(async () => {
  runtime = await LoneRuntime.boot();
});

afterEach(() => {
  runtime.roomFor = Number.POSITIVE_INFINITY;
});

afterAll(async () => {
  await runtime?.close();
});

const placesOf = (tenantId: TenantId, limit: string) => [...(runtime.places.get(`${tenantId} ${limit}`) ?? [])];

describe('an agent', () => {
  it('is made in a place of its own', async () => {
    const tenantId = runtime.tenant();

    const { agentId } = await runtime.agent(tenantId);

    expect(placesOf(tenantId, 'agents')).toEqual([agentId]);
  });

  it('is not made where there is no place, but a repeated request is answered all the same', async () => {
    const caller: Caller = { ...operatorOf(runtime.tenant()), idempotencyKey: 'ada' };
    const made = await runtime.ask(contract.createAgent, input, caller);
    runtime.roomFor = 0;

    expect(await runtime.ask(contract.createAgent, input, caller)).toEqual(made);
    await expect(runtime.ask(contract.createAgent, input, { ...caller, idempotencyKey: 'eve' })).rejects.toMatchObject({
      code: 'limit_exceeded',
      retryAfterSeconds: 3,
    });
  });

  it('that is not made leaves its place to others, also one that was made before', async () => {
    const tenantId = runtime.tenant();
    const caller: Caller = { ...operatorOf(tenantId), idempotencyKey: 'ada' };
    const { agentId } = await runtime.ask(contract.createAgent, input, caller);

    await runtime.ask(contract.createAgent, input, caller);
    await expect(runtime.ask(contract.createAgent, { ...input, name: 'Eve' }, caller)).rejects.toEqual(
      code('idempotency_key_reused'),
    );

    expect(placesOf(tenantId, 'agents')).toEqual([agentId]);
  });
});

describe('a run', () => {
  const limited = (maxConcurrentExecutions: number) => runtime.tenant({ limits: { ...limits, maxConcurrentExecutions } });

  it('is accepted while fewer are at work than may be; one that waits for a person is not', async () => {
    const agent = await runtime.agent(limited(1));
    const waiting = await runtime.run(agent, [{ do: 'interrupt' }], { waitSeconds: 0 });
    await runtime.requestOf(waiting);

    const hanging = await runtime.run(agent, [{ do: 'hang', ms: 60_000 }], { waitSeconds: 0 });

    await expect(runtime.run(agent, [{ do: 'note', text: 'refused' }])).rejects.toMatchObject({
      code: 'limit_exceeded',
      detail: expect.stringContaining('maxConcurrentExecutions of 1'),
      retryAfterSeconds: 1,
    });
    await runtime.ask(contract.cancelRun, { runId: hanging.runId }, operatorOf(agent.tenantId));
    expect(await runtime.run(agent, [])).toMatchObject({ status: 'completed' });
    expect(deeds.filter(({ text }) => text === 'refused')).toEqual([]);
    expect(await runtime.rows('select 1 from runs where tenant_id = $1', [agent.tenantId])).toHaveLength(3);
  });

  it('is refused by what the tenant may have now, and a repeated request is answered all the same', async () => {
    const tenantId = limited(1);
    const agent = await runtime.agent(tenantId);
    const caller: Caller = { ...operatorOf(tenantId), idempotencyKey: 'once' };
    const start = { agentId: agent.agentId, input: { script: [] } };
    const made = await runtime.ask(contract.executeAgent, start, caller);

    const none = { ...limits, maxConcurrentExecutions: 0 };
    runtime.limit(tenantId, none);
    await runtime.publish(limitsChanged, tenantId, { tenantId, limits: none });

    await eventually(() => expect(runtime.run(agent, [])).rejects.toEqual(code('limit_exceeded')));
    expect(await runtime.ask(contract.executeAgent, start, caller)).toMatchObject({ runId: made.runId });
  });

  it('is refused to another tenant, also when this process remembers the agent', async () => {
    const agent = await runtime.agent(limited(5));
    const stranger = runtime.tenant();
    await runtime.run(agent, []);
    const steal = () =>
      runtime.ask(contract.executeAgent, { agentId: agent.agentId, input: { script: [] } }, operatorOf(stranger));

    await expect(steal()).rejects.toEqual(code('agent_not_found'));
    await expect(steal()).rejects.toEqual(code('agent_not_found'));
    expect(await runtime.run(agent, [])).toMatchObject({ status: 'completed', tenantId: agent.tenantId });
  });

  it('is made from its agent as it is now, however often that was asked before', async () => {
    const agent = await runtime.agent(limited(5));
    const caller = operatorOf(agent.tenantId);
    await runtime.run(agent, []);

    await runtime.ask(contract.updateAgent, { agentId: agent.agentId, config: { maxIterations: 1 } }, caller);
    const short = await runtime.run(agent, [{ do: 'note' }, { do: 'note' }]);
    await runtime.ask(contract.updateAgent, { agentId: agent.agentId, status: 'disabled' }, caller);

    expect(short).toMatchObject({ status: 'failed', error: { code: 'step_limit_reached' } });
    await expect(runtime.run(agent, [])).rejects.toEqual(code('agent_disabled'));
    await runtime.ask(contract.deleteAgent, { agentId: agent.agentId }, caller);
    await expect(runtime.run(agent, [])).rejects.toEqual(code('agent_not_found'));
  });
});
