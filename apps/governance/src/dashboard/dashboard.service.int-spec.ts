import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import * as runtime from '@support101/contracts/agent-runtime';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Clock, newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import fc from 'fast-check';
import { prepare, type Prepared } from '../../test/engines.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { AuditService } from '../audit/audit.service.js';
import { DashboardRepository } from './dashboard.repository.js';
import { DashboardService, type Happening } from './dashboard.service.js';

const agents = [newId('agt'), newId('agt')];
const runs = [newId('run'), newId('run'), newId('run'), newId('run')];
const moves = [
  ...[runtime.runStarted, runtime.runHumanRequested, runtime.runResumed, runtime.runCompleted, runtime.runFailed],
  ...[runtime.agentCreated, runtime.agentUpdated, runtime.agentDeleted],
].map(({ type }) => type);
// A run belongs to one agent; everything else may come in any order, and again.
const happenings = fc.array(
  fc.record({ type: fc.constantFrom(...moves), run: fc.nat(runs.length - 1) }).map(({ type, run }) => ({
    type,
    auditType: 'data_modified' as const,
    data: { runId: runs[run], agentId: agents[run % agents.length], name: 'x', blueprint: 'y', changed: ['name'] },
    at: new Date('2026-11-22T12:00:00Z'),
  })),
  { maxLength: 40 },
);

describe.each(engines)('DashboardService (%s)', (engine) => {
  let prepared: Prepared;
  let dashboard: DashboardService;

  beforeAll(async () => {
    prepared = await prepare(engine);
    const audit = new AuditService(prepared.database, new AuditRepository());
    dashboard = new DashboardService(prepared.database, new DashboardRepository(), audit, new Clock());
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const count = (own: readonly Happening[]) => prepared.database.asSystem('audit-chain', (tx) => dashboard.count(tx, own));

  /** What the numbers must be, counted from the rows. */
  async function counted(tenantId: TenantId) {
    const text = `select
        (select count(*)::int from unfinished_runs where tenant_id = $1) as unfinished,
        (select count(*)::int from unfinished_runs where tenant_id = $1 and awaiting) as waiting,
        count(*) filter (where unfinished_runs > 0)::int as active,
        count(*) filter (where awaiting_human > 0)::int as "awaitingHuman",
        coalesce(sum(unfinished_runs), 0)::int as "ofAgents",
        coalesce(sum(awaiting_human), 0)::int as "waitingOfAgents"
      from agent_activity where tenant_id = $1`;
    const [row] = await prepared.database.asSystem('test', (tx) => tx.query<Record<string, number>>(text, [tenantId]));
    return row ?? {};
  }

  it('keeps numbers that agree with the rows, whatever happens in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (list) => {
        const tenantId = newId('ten');

        await count(list.map((each) => ({ ...each, tenantId })));

        const shown = await dashboard.get({ tenantId, principal: { type: 'key', id: 'x', roles: [] }, correlationId: 'x' });
        const rows = await counted(tenantId);
        expect({
          unfinished: shown.runs.unfinished,
          waiting: shown.runs.awaitingHuman,
          active: shown.agents.active,
          awaitingHuman: shown.agents.awaitingHuman,
          ofAgents: shown.runs.unfinished,
          waitingOfAgents: shown.runs.awaitingHuman,
        }).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });

  it('counts of a tenant that goes only that, whatever is written in the same commit', async () => {
    const tenantId = newId('ten');
    const one = (type: string, auditType: Happening['auditType']): Happening => {
      const data = { runId: runs[0], agentId: agents[0], name: 'x', blueprint: 'y' };
      return { tenantId, type, auditType, data, at: new Date() };
    };
    const others = [one(runtime.agentCreated.type, 'agent_created'), one(runtime.runStarted.type, 'execution_started')];

    await count([...others, one(tenantDeleted.type, 'tenant_deleted'), ...others]);

    const { audit, agents: counted } = await dashboard.stats({
      tenantId,
      principal: { type: 'key', id: 'x', roles: [] },
      correlationId: 'x',
    });
    expect([audit, counted]).toEqual([
      { total: 1, denials: 0, byType: { tenant_deleted: 1 } },
      { created: 0, deleted: 0 },
    ]);
  });

  it('adds what several writers count at once for several tenants', async () => {
    const tenantIds = [newId('ten'), newId('ten'), newId('ten')];
    const one = (tenantId: TenantId): Happening => ({ tenantId, auditType: 'data_accessed', data: {}, at: new Date() });

    const rounds = tenantIds.flatMap((own) => Array.from({ length: 10 }, () => [...tenantIds, own].map(one)));
    await Promise.all(rounds.map(count));

    for (const tenantId of tenantIds) {
      const { audit } = await dashboard.stats({ tenantId, principal: { type: 'key', id: 'x', roles: [] }, correlationId: 'x' });
      expect(audit).toEqual({ total: 40, denials: 0, byType: { data_accessed: 40 } });
    }
  });
});
