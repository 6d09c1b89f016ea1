import { Injectable } from '@nestjs/common';
import { AgentId, type InputOf, type OutputOf, type TenantCaller } from '@support101/contracts';
import { RunOutcome } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/governance';
import { decisions } from '@support101/contracts/hitl';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Database, type Tx } from '@support101/database';
import { Clock, keyOfCursor, pageOf } from '@support101/service-kit';
import { AuditService } from '../audit/audit.service.js';
import { DashboardRepository } from './dashboard.repository.js';
import * as rules from './dashboard.rules.js';

export type { Happening } from './dashboard.rules.js';

type Counters = ReadonlyMap<string, number>;

const nothing: rules.AgentLoad = { unfinished: 0, awaiting: 0 };
const recentActivities = 10;

/** What the dashboard shows: numbers that are kept up as events come in. */
@Injectable()
export class DashboardService {
  constructor(
    private readonly database: Database,
    private readonly numbers: DashboardRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Counts what was put on the audit, in that transaction: once, because it was put there once. */
  async count(tx: Tx, happenings: readonly rules.Happening[]): Promise<void> {
    const byTenant = Map.groupBy(happenings, (happening) => happening.tenantId);
    const gone = await this.numbers.gone(tx, [...byTenant.keys()]);
    for (const [tenantId, all] of byTenant) {
      if (gone.has(tenantId)) continue;
      // Of a tenant that goes nothing counts any more, before or after, but that it is gone.
      const end = all.filter(({ type }) => type === tenantDeleted.type).slice(0, 1);
      if (end.length > 0) await this.numbers.removeAll(tx, tenantId);
      const tallies: Readonly<Record<string, number>>[] = [];
      for (const happening of end.length > 0 ? end : all) {
        const tally = rules.tallyOf(happening);
        tallies.push(tally.counters, ...(await this.#move(tx, happening, tally)));
      }
      await this.numbers.add(
        tx,
        [...rules.sum(tallies)].map(([name, delta]) => ({ tenantId, name, delta })),
      );
    }
  }

  async get({ tenantId }: TenantCaller): Promise<OutputOf<typeof contract.getDashboard>> {
    const [counters, latest] = await this.database.forTenant(tenantId, (tx) =>
      Promise.all([this.numbers.counters(tx, tenantId), this.audit.latest(tx, tenantId, recentActivities)]),
    );
    // An end may be heard of before its beginning: until then there is nothing, not less than that.
    const least = (value: number) => Math.max(0, value);
    const of = (name: string) => least(counters.get(name) ?? 0);
    return {
      timestamp: this.clock.now().toISOString(),
      agents: {
        total: least(of('agents.created') - of('agents.deleted')),
        active: of('agents.active'),
        awaitingHuman: of('agents.awaiting'),
      },
      runs: { unfinished: of('runs.unfinished'), awaitingHuman: of('runs.awaiting'), byOutcome: outcomes(counters) },
      hitl: {
        open: of('hitl.open'),
        decided: Object.values(decided(counters)).reduce((sum, value) => sum + value, 0),
        slaBreached: of('hitl.sla_breached'),
      },
      audit: auditNumbers(counters),
      recentActivity: latest.map(({ principalType, principalId, ...link }) => ({
        ...link,
        principal: { type: principalType, id: principalId },
      })),
    };
  }

  async activeAgents(
    { cursor, limit }: InputOf<typeof contract.listActiveAgents>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listActiveAgents>> {
    const before = keyOfCursor(AgentId, cursor);
    const rows = await this.database.forTenant(tenantId, (tx) => this.numbers.activeAgents(tx, tenantId, before, limit + 1));
    return pageOf(
      rows,
      limit,
      ({ agentId }) => agentId,
      ({ unfinished, awaiting, lastActivityAt, ...row }) => ({
        ...row,
        unfinishedRuns: unfinished,
        awaitingHuman: awaiting,
        lastActivityAt: lastActivityAt.toISOString(),
      }),
    );
  }

  async stats({ tenantId }: TenantCaller): Promise<OutputOf<typeof contract.governanceStats>> {
    const counters = await this.database.forTenant(tenantId, (tx) => this.numbers.counters(tx, tenantId));
    const of = (name: string) => counters.get(name) ?? 0;
    return {
      agents: { created: of('agents.created'), deleted: of('agents.deleted') },
      runs: {
        started: of('runs.started'),
        completed: of('runs.completed'),
        failed: of('runs.failed'),
        cancelled: of('runs.cancelled'),
        timedOut: of('runs.timed_out'),
        byOutcome: outcomes(counters),
        steps: of('runs.steps'),
        inputTokens: of('tokens.in'),
        outputTokens: of('tokens.out'),
        costMicroUsd: of('cost'),
      },
      hitl: {
        opened: of('hitl.opened'),
        refused: of('hitl.refused'),
        expired: of('hitl.expired'),
        cancelled: of('hitl.cancelled'),
        slaBreached: of('hitl.sla_breached'),
        escalations: of('hitl.escalations'),
        decisions: decided(counters),
      },
      audit: { ...auditNumbers(counters), byType: byAuditType(counters) },
    };
  }

  /** Moves the rows of agents and runs; gives what that does to the numbers. */
  async #move(tx: Tx, { tenantId, at }: rules.Happening, { run, agent }: rules.Tally): Promise<Record<string, number>[]> {
    const moved = run === undefined ? undefined : await this.numbers.moveRun(tx, tenantId, run, at);
    const left = agent === undefined ? undefined : await this.numbers.moveAgent(tx, tenantId, agent, at);
    return [
      ...(moved === undefined ? [] : [rules.loadTally(moved.before, moved.after)]),
      ...(left === undefined ? [] : [rules.loadTally(left, nothing)]),
    ];
  }
}

function outcomes(counters: Counters): Record<(typeof RunOutcome.options)[number], number> {
  return named(RunOutcome.options, (outcome) => counters.get(`outcome.${outcome}`) ?? 0);
}

function decided(counters: Counters) {
  return named([...decisions, 'other'] as const, (decision) => counters.get(`decision.${decision}`) ?? 0);
}

function byAuditType(counters: Counters): Partial<Record<rules.Happening['auditType'], number>> {
  const types = contract.AuditEventType.options.filter((type) => counters.has(`audit.${type}`));
  return named(types, (type) => counters.get(`audit.${type}`) ?? 0);
}

function auditNumbers(counters: Counters): { total: number; denials: number } {
  const total = Object.values(byAuditType(counters)).reduce((sum, value) => sum + value, 0);
  return { total, denials: (counters.get('audit.security_violation') ?? 0) + (counters.get('audit.rate_limit_exceeded') ?? 0) };
}

function named<const N extends string, V>(names: readonly N[], value: (name: N) => V): Record<N, V> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<N, V>;
}
