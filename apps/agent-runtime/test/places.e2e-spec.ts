import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller, TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/agent-runtime';
import { operatorOf } from '@support101/service-testing';
import { LoneRuntime } from './lone-runtime.js';

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
  it('is accepted in a place of its own, and not without', async () => {
    const tenantId = runtime.tenant();
    const agent = await runtime.agent(tenantId);

    const { runId } = await runtime.run(agent, []);
    runtime.roomFor = 0;

    expect(placesOf(tenantId, 'concurrentExecutions')).toEqual([runId]);
    await expect(runtime.run(agent, [])).rejects.toMatchObject({ code: 'limit_exceeded', retryAfterSeconds: 3 });
  });

  it('that is not accepted gives its place back', async () => {
    const tenantId = runtime.tenant();
    const agentId = 'agt_01jd5m6wz5f9r8x2k3c4v7b6n1';

    const started = runtime.ask(contract.executeAgent, { agentId, input: { script: [] } }, operatorOf(tenantId));

    await expect(started).rejects.toEqual(code('agent_not_found'));
    expect(placesOf(tenantId, 'concurrentExecutions')).toEqual([]);
  });
});
