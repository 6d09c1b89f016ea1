import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Caller, EventContract, EventId, TenantId } from '@support101/contracts';
import * as runtime from '@support101/contracts/agent-runtime';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Inbox } from '@support101/messaging';
import { Clock, newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import { VirtualClock } from '@support101/testing';
import { deliveryOf } from '../../test/deliveries.js';
import { insertTenant, prepare, type Prepared } from '../../test/engines.js';
import { type TenantChange, TenantsRepository } from '../tenants/tenants.repository.js';
import { UsageEventsRepository } from './usage-events.repository.js';
import { UsageEventsService } from './usage-events.service.js';
import { UsageRepository } from './usage.repository.js';
import { UsageService } from './usage.service.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const usage = { inputTokens: 100, outputTokens: 20, costMicroUsd: 7, model: 'local' };

describe.each(engines)('places under limits and the ledger of use (%s)', (engine) => {
  let prepared: Prepared;
  let time: VirtualClock;
  let service: UsageService;
  let events: UsageEventsService;
  let tenantId: TenantId;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  beforeEach(async () => {
    time = new VirtualClock('2026-11-22T12:00:00Z');
    const { database } = prepared;
    service = new UsageService(database, new UsageRepository(), new Clock(time));
    events = new UsageEventsService(database, new Inbox(database), new UsageEventsRepository(), new Clock(time));
    tenantId = await insertTenant(prepared);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const caller = (): Caller => ({ tenantId, principal: { type: 'service', id: 'test', roles: [] }, correlationId: 'test' });
  const change = (to: TenantChange) =>
    prepared.models.forTenant(tenantId, (tx) => new TenantsRepository().save(tx, tenantId, to, time.now()));
  const lease = (holder: string, ttlSeconds = 60) =>
    service.reserve({ limit: 'concurrentExecutions', holder, ttlSeconds }, caller());
  const release = (holder: string) => service.release({ limit: 'concurrentExecutions', holder }, caller());
  const limitsNow = async () => (await service.get({ tenantId })).limits;
  const rows = <Row extends object>(sql: string) => prepared.database.forTenant(tenantId, (tx) => tx.query<Row>(sql));

  const delivery = <E extends EventContract>(
    contract: E,
    overrides: Record<string, unknown>,
    { time: at = time.now().toISOString(), ...given }: { id?: EventId; time?: string } = {},
  ) => deliveryOf(contract, tenantId, overrides, { ...given, time: at });

  describe('reserving', () => {
    it.each(['leases', 'places that are kept'])(
      'gives out %s up to the limit exactly, however many ask at once',
      async (which) => {
        await change({ tier: 'professional' });
        const ttl = which === 'leases' ? { ttlSeconds: 60 } : {};

        const asked = Array.from({ length: 50 }, (_, index) =>
          service.reserve({ limit: 'concurrentExecutions', holder: `run_${index}`, ...ttl }, caller()),
        );
        const results = await Promise.allSettled(asked);

        const given = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value.current);
        expect(given.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
        const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
        expect(refused).toEqual(Array.from({ length: 30 }, () => code('limit_exceeded')));
        expect((await limitsNow()).concurrentExecutions).toEqual({ current: 20, limit: 20 });
      },
    );

    it('counts a holder once, also one that asks many times at once or when all is taken', async () => {
      const many = await Promise.all(Array.from({ length: 8 }, () => lease('run_1')));
      for (const holder of ['run_2', 'run_3', 'run_4', 'run_5']) await lease(holder);

      const again = await lease('run_1');

      expect(new Set(many.map(({ current }) => current))).toEqual(new Set([1]));
      expect(again).toEqual({ current: 5, limit: 5 });
      await expect(lease('run_6')).rejects.toEqual(code('limit_exceeded'));
    });

    it('does not count a lease whose time has passed, and renews one that is asked for again', async () => {
      for (const holder of ['run_1', 'run_2', 'run_3', 'run_4', 'run_5']) await lease(holder, 60);
      await time.advance(50_000);
      await lease('run_1', 60);
      await time.advance(10_000);

      const next = await lease('run_6');

      expect(next.current).toBe(2);
      expect(await rows<{ holder: string }>('select holder from usage_places order by 1')).toEqual([
        { holder: 'run_1' },
        { holder: 'run_6' },
      ]);
    });

    it('says when it is worth asking again', async () => {
      for (const holder of ['run_1', 'run_2', 'run_3', 'run_4', 'run_5']) await lease(holder, 4);

      await expect(lease('run_6')).rejects.toMatchObject({
        detail: 'The tenant’s limit maxConcurrentExecutions of 5 is reached.',
        retryAfterSeconds: 4,
      });
    });

    it('turns a lease into a place that is kept, and never the other way round', async () => {
      const agents = { limit: 'agents', holder: 'agt_1' } as const;
      await service.reserve({ ...agents, ttlSeconds: 10 }, caller());
      await service.reserve(agents, caller());
      await service.reserve({ ...agents, ttlSeconds: 10 }, caller());
      await time.advance(60_000);

      expect((await limitsNow()).agents).toEqual({ current: 1, limit: 5 });
      expect((await service.reserve({ limit: 'agents', holder: 'agt_2' }, caller())).current).toBe(2);
    });

    it('goes by the limit as it is now', async () => {
      for (const holder of ['run_1', 'run_2', 'run_3']) await lease(holder);

      await change({ ownLimits: { maxConcurrentExecutions: 3 } });
      await expect(lease('run_4')).rejects.toEqual(code('limit_exceeded'));
      await change({ ownLimits: { maxConcurrentExecutions: 4 } });
      await expect(lease('run_4')).resolves.toEqual({ current: 4, limit: 4 });
      await change({ ownLimits: { maxConcurrentExecutions: 0 } });
      await expect(lease('run_1')).resolves.toEqual({ current: 4, limit: 0 });
      await expect(lease('run_5')).rejects.toEqual(code('limit_exceeded'));
    });

    it('is for tenants that are active', async () => {
      await change({ status: 'suspended' });
      await expect(lease('run_1')).rejects.toEqual(code('tenant_inactive'));

      tenantId = newId('ten');
      await expect(lease('run_1')).rejects.toEqual(code('tenant_not_found'));
    });

    it('of one tenant and limit is nothing to another', async () => {
      for (const holder of ['run_1', 'run_2', 'run_3', 'run_4', 'run_5']) await lease(holder);
      await expect(service.reserve({ limit: 'hitlQueueSize', holder: 'run_1' }, caller())).resolves.toMatchObject({ current: 1 });

      tenantId = await insertTenant(prepared, 'Globex');

      await expect(lease('run_1')).resolves.toEqual({ current: 1, limit: 5 });
    });
  });

  describe('releasing', () => {
    it('frees a place once, also when it is done many times at once', async () => {
      const holders = ['agt_1', 'agt_2', 'agt_3'];
      for (const holder of holders) await service.reserve({ limit: 'agents', holder }, caller());

      await Promise.all(Array.from({ length: 8 }, () => service.release({ limit: 'agents', holder: 'agt_2' }, caller())));
      await service.release({ limit: 'agents', holder: 'agt_nobody' }, caller());

      expect((await limitsNow()).agents.current).toBe(2);
    });

    it('and reserving at once leave the count that the places make', async () => {
      const holders = Array.from({ length: 12 }, (_, index) => `agt_${index % 4}`);

      await Promise.allSettled(
        holders.flatMap((holder) => [
          service.reserve({ limit: 'agents', holder }, caller()),
          service.release({ limit: 'agents', holder }, caller()),
          lease(holder),
          release(holder),
        ]),
      );

      const counted = await rows(`
        select kept, (select count(*)::int from usage_places p where p.limit_name = c.limit_name and p.expires_at is null) as rows
        from usage_counters c where kept <> (select count(*) from usage_places p where p.limit_name = c.limit_name and p.expires_at is null)`);
      expect(counted).toEqual([]);
    });
  });

  describe('events', () => {
    const ended = (runId: string, given: { id?: EventId; time?: string } = {}) =>
      events.runEnded(delivery(runtime.runCompleted, { runId, usage }, given), 'completed', {
        runId,
        usage,
        outcome: 'resolved',
      });

    it('are counted once however often they come', async () => {
      const [runId, id] = [newId('run'), newId('evt')];

      for (let time = 0; time < 3; time += 1) await ended(runId, { id });
      await ended(runId);

      const month = await service.get({ tenantId });
      expect(month).toMatchObject({ period: '2026-11', tokens: { input: 100, output: 20 }, cost: { microUsd: 7 } });
      expect(month.runs).toMatchObject({ resolved: 1, failed: 0 });
    });

    it('belong to the month in which they happened', async () => {
      await ended(newId('run'), { time: '2026-10-31T23:59:59.999Z' });
      await ended(newId('run'), { time: '2026-11-01T00:00:00.000Z' });

      const months = [await service.get({ tenantId, period: '2026-10' }), await service.get({ tenantId, period: '2026-11' })];

      expect(months.map(({ runs }) => runs.resolved)).toEqual([1, 1]);
      expect((await service.get({ tenantId, period: '2026-09' })).runs.resolved).toBe(0);
    });

    it('come to the same as the ledger added up again', async () => {
      const endings = ['completed', 'failed', 'cancelled', 'timed_out'] as const;
      await Promise.all(
        Array.from({ length: 24 }, async (_, index) => {
          const runId = newId('run');
          const at = { time: new Date(Date.UTC(2026, 8 + (index % 4), 1 + index)).toISOString() };
          await events.added(delivery(runtime.runStarted, { runId }, at), 'run_started', 'run', runId);
          const end = { runId, usage: { ...usage, costMicroUsd: index * 1_000_000_007 } };
          await events.runEnded(delivery(runtime.runFailed, { runId }, at), endings[index % 4] ?? 'failed', end);
        }),
      );

      const added = await rows(`
        select to_char(at at time zone 'UTC', 'YYYY-MM') as period, kind, count(*)::int as count,
               sum(input_tokens)::text as input, sum(output_tokens)::text as output, sum(cost_micro_usd)::text as cost
        from usage_ledger group by 1, 2 order by 1, 2`);

      const kept = await rows(`
        select period, kind, count, input_tokens::text as input, output_tokens::text as output, cost_micro_usd::text as cost
        from usage_months order by 1, 2`);
      expect(kept).toEqual(added);
      expect(kept.length).toBeGreaterThanOrEqual(8);
    });

    it('that are written cannot be changed', async () => {
      await ended(newId('run'));

      await rows('update usage_ledger set cost_micro_usd = 0');

      expect(await rows('select cost_micro_usd::int as cost from usage_ledger')).toEqual([{ cost: 7 }]);
    });

    it('keep a reserved place for the record that is made, without counting it twice', async () => {
      const agentId = newId('agt');
      await service.reserve({ limit: 'agents', holder: agentId, ttlSeconds: 60 }, caller());

      await events.added(delivery(runtime.agentCreated, { agentId }), 'agent_created', 'agent', agentId);
      await time.advance(61_000);
      expect((await limitsNow()).agents.current).toBe(1);
      await events.removed(delivery(runtime.agentDeleted, { agentId }), 'agent_deleted', 'agent', agentId);

      expect((await limitsNow()).agents.current).toBe(0);
    });

    it('count what is there also above the limit', async () => {
      await change({ ownLimits: { maxAgents: 1 } });
      for (const agentId of [newId('agt'), newId('agt')]) {
        await events.added(delivery(runtime.agentCreated, { agentId }), 'agent_created', 'agent', agentId);
      }

      expect((await limitsNow()).agents).toEqual({ current: 2, limit: 1 });
    });

    it('take no place for what is known to be gone', async () => {
      const agentId = newId('agt');

      await events.removed(delivery(runtime.agentDeleted, { agentId }), 'agent_deleted', 'agent', agentId);
      await events.added(delivery(runtime.agentCreated, { agentId }), 'agent_created', 'agent', agentId);

      expect((await limitsNow()).agents.current).toBe(0);
    });

    it('free the place of a run that ended or waits, and give it back to one that goes on', async () => {
      const runId = newId('run');
      await lease(runId);
      const current = async () => (await limitsNow()).concurrentExecutions.current;

      await events.runPaused(delivery(runtime.runHumanRequested, { runId }), runId);
      expect(await current()).toBe(0);
      await events.runResumed(delivery(runtime.runResumed, { runId }), runId);
      expect(await current()).toBe(1);
      await ended(runId);
      expect(await current()).toBe(0);
    });

    it('leave nothing of a tenant that is gone, also those that come late', async () => {
      await lease('run_1');
      await ended(newId('run'));
      await prepared.models.forTenant(tenantId, (tx) => new TenantsRepository().bury(tx, tenantId, time.now()));

      await events.removeAll(delivery(tenantDeleted, { tenantId }));
      const agentId = newId('agt');
      await events.removed(delivery(runtime.agentDeleted, { agentId }), 'agent_deleted', 'agent', agentId);
      await events.added(delivery(runtime.agentCreated, { agentId }), 'agent_created', 'agent', agentId);

      for (const table of ['usage_places', 'usage_counters', 'usage_ledger', 'usage_months']) {
        expect(await rows(`select * from ${table}`)).toEqual([]);
      }
      await expect(service.get({ tenantId })).rejects.toEqual(code('tenant_not_found'));
    });
  });

  it('tells what a tenant may do', async () => {
    await change({ ownLimits: { maxAgents: 9 }, allowedBlueprints: ['x'] });

    const known = await service.limits(tenantId);

    expect(known).toMatchObject({ tenantId, status: 'active', tier: 'starter', allowedBlueprints: ['x'] });
    expect(known.limits).toMatchObject({ maxAgents: 9, maxHitlQueueSize: 50 });
  });
});
