import { z } from 'zod';
import { RunOutcome } from '../agent-runtime/runs.contract.js';
import { decisions } from '../hitl/request.js';
import { rpc } from '../kernel/contract.js';
import { AgentId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { Timestamp } from '../kernel/text.js';
import { AuditEntry, AuditEventType } from './audit.contract.js';

const read = { resource: 'governance:dashboard', level: 'read' } as const;
const count = z.number().int();

/** Something that happened, as the dashboard shows it: an audit entry without its details and its place in the chain. */
export const RecentActivity = AuditEntry.omit({
  tenantId: true,
  sequence: true,
  correlationId: true,
  details: true,
  hash: true,
  previousHash: true,
}).meta({ id: 'RecentActivity' });
export type RecentActivity = z.infer<typeof RecentActivity>;

/** How the tenant stands now. */
export const getDashboard = rpc('governance.dashboard.get.v1', {
  summary: 'How the tenant’s agents and people stand now',
  access: read,
  http: { method: 'GET', path: '/v1/governance/dashboard' },
  input: z.object({}),
  output: z.object({
    timestamp: Timestamp,
    agents: z.object({
      total: count,
      /** Agents with a run that has not ended. */
      active: count,
      /** Agents with a run that waits for a person. */
      awaitingHuman: count,
    }),
    runs: z.object({ unfinished: count, awaitingHuman: count, byOutcome: z.record(RunOutcome, count) }),
    hitl: z.object({ open: count, decided: count, slaBreached: count }),
    audit: z.object({
      total: count,
      /** Refusals and violations. */
      denials: count,
    }),
    /** The last ten, newest first. */
    recentActivity: z.array(RecentActivity),
  }),
  errors: [],
});

/** An agent with runs that have not ended. */
export const ActiveAgent = z
  .object({
    agentId: AgentId,
    /** Null until the agent’s creation was heard of. */
    name: z.string().nullable(),
    blueprint: z.string(),
    unfinishedRuns: count,
    awaitingHuman: count,
    /** When one of its runs last began, stopped to wait, went on or ended. */
    lastActivityAt: Timestamp,
  })
  .meta({ id: 'ActiveAgent' });
export type ActiveAgent = z.infer<typeof ActiveAgent>;

/** Lists the agents that are at work or wait for a person. */
export const listActiveAgents = rpc('governance.dashboard.active-agents.v1', {
  summary: 'List the agents with unfinished runs, newest agent first',
  access: read,
  http: { method: 'GET', path: '/v1/governance/agents/active' },
  input: z.object({ ...pageQuery }),
  output: page(ActiveAgent),
  errors: ['cursor_invalid'],
});

/** Everything counted since the tenant began. */
export const governanceStats = rpc('governance.dashboard.stats.v1', {
  summary: 'What was counted since the tenant began',
  access: read,
  http: { method: 'GET', path: '/v1/governance/stats' },
  input: z.object({}),
  output: z.object({
    agents: z.object({ created: count, deleted: count }),
    runs: z.object({
      started: count,
      completed: count,
      failed: count,
      cancelled: count,
      timedOut: count,
      byOutcome: z.record(RunOutcome, count),
      steps: count,
      inputTokens: count,
      outputTokens: count,
      costMicroUsd: count,
    }),
    hitl: z.object({
      opened: count,
      refused: count,
      expired: count,
      cancelled: count,
      slaBreached: count,
      escalations: count,
      /** Decisions by what was decided; those that only an agent and a person understand are `other`. */
      decisions: z.record(z.enum([...decisions, 'other']), count),
    }),
    audit: z.object({ total: count, denials: count, byType: z.partialRecord(AuditEventType, count) }),
  }),
  errors: [],
});
