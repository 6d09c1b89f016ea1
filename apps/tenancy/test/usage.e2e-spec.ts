import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Caller, type EventContract, serviceCaller, type TenantId } from '@support101/contracts';
import * as runtime from '@support101/contracts/agent-runtime';
import * as hitl from '@support101/contracts/hitl';
import * as learning from '@support101/contracts/learning';
import * as contract from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { adminOf, platform } from '@support101/service-testing';
import { eventually } from '@support101/testing';
import { LoneTenancy } from './lone-tenancy.js';

const unknownTenant: TenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1';
const code = (expected: string) => expect.objectContaining({ code: expected });
const runtimeOf = (tenantId: TenantId): Caller => serviceCaller('agent-runtime', 'test', tenantId);
const usage = { inputTokens: 1_000, outputTokens: 50, costMicroUsd: 640, model: 'local' };

let tenancy: LoneTenancy;

beforeAll(async () => {
  tenancy = await LoneTenancy.boot();
});

afterAll(async () => {
  await tenancy?.close();
});

async function activeTenant(tier: contract.TenantTier = 'free'): Promise<TenantId> {
  const { tenantId } = await tenancy.ask(contract.createTenant, { name: 'Acme', tier, autoActivate: true });
  return tenantId;
}

const usageOf = (tenantId: TenantId, caller: Caller = adminOf(tenantId)) => tenancy.ask(contract.getUsage, { tenantId }, caller);
const reserveRun = (tenantId: TenantId, holder: string, ttlSeconds = 60) =>
  tenancy.ask(contract.reserveUsage, { limit: 'concurrentExecutions', holder, ttlSeconds }, runtimeOf(tenantId));

describe('a place under a limit', () => {
  it('is reserved, counted, refused beyond the limit, and given back', async () => {
    const tenantId = await activeTenant();
    const of = (holder: string) => [{ limit: 'agents', holder } as const, runtimeOf(tenantId)] as const;

    expect(await tenancy.ask(contract.reserveUsage, ...of('agt_1'))).toEqual({ current: 1, limit: 2 });
    expect(await tenancy.ask(contract.reserveUsage, ...of('agt_2'))).toEqual({ current: 2, limit: 2 });
    await expect(tenancy.ask(contract.reserveUsage, ...of('agt_3'))).rejects.toMatchObject({
      code: 'limit_exceeded',
      detail: 'The tenant’s limit maxAgents of 2 is reached.',
    });
    await tenancy.ask(contract.releaseUsage, ...of('agt_1'));
    await tenancy.ask(contract.releaseUsage, ...of('agt_1'));

    expect(await tenancy.ask(contract.reserveUsage, ...of('agt_3'))).toEqual({ current: 2, limit: 2 });
  });

  it('is free again when the lease was not renewed, and before that with a hint when to come back', async () => {
    const tenantId = await activeTenant();
    for (const holder of ['run_1', 'run_2']) await reserveRun(tenantId, holder, 5);

    await expect(reserveRun(tenantId, 'run_3')).rejects.toMatchObject({ code: 'limit_exceeded', retryAfterSeconds: 5 });
    await tenancy.clock.advance(5_000);

    await expect(reserveRun(tenantId, 'run_3')).resolves.toEqual({ current: 1, limit: 2 });
  });

  it('goes by limits and status as they are', async () => {
    const tenantId = await activeTenant();
    for (const holder of ['run_1', 'run_2']) await reserveRun(tenantId, holder);

    await tenancy.ask(contract.setTenantLimits, { tenantId, maxConcurrentExecutions: 3 });
    await expect(reserveRun(tenantId, 'run_3')).resolves.toEqual({ current: 3, limit: 3 });
    await tenancy.ask(contract.suspendTenant, { tenantId, reason: 'unpaid' });

    await expect(reserveRun(tenantId, 'run_3')).rejects.toEqual(code('tenant_inactive'));
  });

  it('needs a tenant that exists, and a limit that places are taken of', async () => {
    await expect(reserveRun(unknownTenant, 'run_1')).rejects.toEqual(code('tenant_not_found'));
    const nobody = serviceCaller('agent-runtime', 'test');
    const input = { limit: 'agents', holder: 'agt_1' } as const;
    await expect(tenancy.ask(contract.reserveUsage, input, nobody)).rejects.toEqual(code('tenant_required'));
    await expect(tenancy.ask(contract.releaseUsage, input, nobody)).rejects.toEqual(code('tenant_required'));
    const wrong = { limit: 'storageMb' as 'agents', holder: 'x' };
    await expect(tenancy.ask(contract.reserveUsage, wrong, platform)).rejects.toEqual(code('validation_failed'));
  });
});

describe('the use of a tenant', () => {
  it('is nothing at first, and says nothing about what is not counted', async () => {
    const tenantId = await activeTenant();

    expect(await usageOf(tenantId)).toEqual({
      tenantId,
      period: '2026-01',
      limits: {
        agents: { current: 0, limit: 2 },
        concurrentExecutions: { current: 0, limit: 2 },
        hitlQueueSize: { current: 0, limit: 10 },
        vectorDocuments: { current: 0, limit: 1_000 },
        requestsPerMinute: { limit: 10 },
        storageMb: { limit: 50 },
      },
      runs: { started: 0, resolved: 0, assisted: 0, escalated: 0, abandoned: 0, failed: 0, cancelled: 0, timedOut: 0 },
      tokens: { input: 0, output: 0 },
      cost: { microUsd: 0 },
    });
  });

  it('adds up runs, tokens and cost by how they ended, and frees their places', async () => {
    const tenantId = await activeTenant('enterprise');
    const endings = [
      [runtime.runCompleted, { outcome: 'resolved' }],
      [runtime.runCompleted, { outcome: 'assisted' }],
      [runtime.runFailed, {}],
      [runtime.runFailed, { outcome: 'escalated' }],
      [runtime.runCancelled, {}],
      [runtime.runTimedOut, {}],
    ] as const satisfies [EventContract, object][];
    for (const [ending, outcome] of endings) {
      const runId = newId('run');
      await reserveRun(tenantId, runId);
      await tenancy.publish(runtime.runStarted, tenantId, { runId });
      await tenancy.publish<EventContract>(ending, tenantId, { runId, usage, ...outcome });
    }

    const { runs, tokens, cost, limits } = await usageOf(tenantId);

    expect(runs).toEqual({
      ...{ started: 6, resolved: 1, assisted: 1, escalated: 1, abandoned: 0, failed: 1, cancelled: 1, timedOut: 1 },
    });
    expect({ tokens, cost }).toEqual({ tokens: { input: 6_000, output: 300 }, cost: { microUsd: 3_840 } });
    expect(limits.concurrentExecutions).toEqual({ current: 0, limit: 100 });
  });

  it('counts a run that waits for a person only while it works', async () => {
    const tenantId = await activeTenant();
    const runId = newId('run');
    const current = async () => (await usageOf(tenantId)).limits.concurrentExecutions.current;
    await reserveRun(tenantId, runId);

    await tenancy.publish(runtime.runHumanRequested, tenantId, { runId });
    expect(await current()).toBe(0);
    await tenancy.publish(runtime.runResumed, tenantId, { runId });
    expect(await current()).toBe(1);
  });

  it('counts agents, articles and open requests from what became of them', async () => {
    const tenantId = await activeTenant();
    const [agentId, articleId] = [newId('agt'), newId('art')];
    const requests = [newId('req'), newId('req'), newId('req')] as const;
    await tenancy.publish(runtime.agentCreated, tenantId, { agentId });
    await tenancy.publish(learning.articleCreated, tenantId, { articleId });
    for (const requestId of requests) await tenancy.publish(hitl.requestOpened, tenantId, { requestId });
    const counted = async () => {
      const { agents, vectorDocuments, hitlQueueSize } = (await usageOf(tenantId)).limits;
      return [agents.current, vectorDocuments.current, hitlQueueSize.current];
    };

    expect(await counted()).toEqual([1, 1, 3]);
    await tenancy.publish(runtime.agentDeleted, tenantId, { agentId });
    await tenancy.publish(learning.articleDeleted, tenantId, { articleId });
    await tenancy.publish(hitl.requestDecided, tenantId, { requestId: requests[0] });
    await tenancy.publish(hitl.requestExpired, tenantId, { requestId: requests[1] });
    expect(await counted()).toEqual([0, 0, 1]);
    await tenancy.publish(hitl.requestCancelled, tenantId, { requestId: requests[2] });
    expect(await counted()).toEqual([0, 0, 0]);
  });

  it('can be read for a month that is over, by its members and the platform', async () => {
    const tenantId = await activeTenant();
    await tenancy.publish(runtime.runStarted, tenantId, { runId: newId('run') });

    const ask = (period: string, caller: Caller) => tenancy.ask(contract.getUsage, { tenantId, period }, caller);

    expect((await ask('2026-01', platform)).runs.started).toBe(1);
    expect(await ask('2025-12', adminOf(tenantId))).toMatchObject({ period: '2025-12', runs: { started: 0 } });
    await expect(ask('2026-13', platform)).rejects.toEqual(code('validation_failed'));
    await expect(ask('2026-01', adminOf(unknownTenant))).rejects.toEqual(code('tenant_not_found'));
    await expect(usageOf(unknownTenant, platform)).rejects.toEqual(code('tenant_not_found'));
  });

  it('goes with the tenant', async () => {
    const tenantId = await activeTenant();
    await reserveRun(tenantId, 'run_1');
    await tenancy.publish(runtime.runStarted, tenantId, { runId: newId('run') });

    await tenancy.ask(contract.deleteTenant, { tenantId, force: true });

    await eventually(async () => {
      const left = await tenancy.rows(
        `select tenant_id from usage_places where tenant_id = $1 union all select tenant_id from usage_counters where tenant_id = $1
         union all select tenant_id from usage_ledger where tenant_id = $1 union all select tenant_id from usage_months where tenant_id = $1`,
        [tenantId],
      );
      return left.length === 0;
    });
    await expect(usageOf(tenantId, platform)).rejects.toEqual(code('tenant_not_found'));
  });
});

// The last test of the file: it looks back at what the others have asked.
describe('the tests above', () => {
  it('have seen every contract of usage answered and every declared error', () => {
    expect(tenancy.unseen((subject) => subject.startsWith('tenancy.usage.'))).toEqual([]);
  });
});
