import { AgentId, type AuditType, RunId, type TenantId } from '@support101/contracts';
import * as runtime from '@support101/contracts/agent-runtime';
import * as hitl from '@support101/contracts/hitl';

/** Something that was put on the audit, with what the event said. */
export interface Happening {
  readonly tenantId: TenantId;
  readonly auditType: AuditType;
  /** The event's type; undefined for what has no event. */
  readonly type?: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

/** How a run moved. What it means for the numbers is known where the run's row is. */
export interface RunMove {
  readonly to: 'started' | 'awaiting' | 'resumed' | 'ended';
  readonly runId: RunId;
  readonly agentId: AgentId;
  readonly blueprint: string;
}

/** What became of an agent; a null name is one that is not known any more. */
export interface AgentMove {
  readonly to: 'created' | 'renamed' | 'deleted';
  readonly agentId: AgentId;
  readonly name: string | null;
  readonly blueprint: string;
}

/** What a happening does to the numbers. */
export interface Tally {
  readonly counters: Readonly<Record<string, number>>;
  readonly run?: RunMove | undefined;
  readonly agent?: AgentMove | undefined;
}

type Data = Happening['data'];
type Outcome = (typeof runtime.RunOutcome.options)[number];

const byType: Readonly<Record<string, (data: Data) => Tally>> = {
  [runtime.agentCreated.type]: (data) => ({ counters: { 'agents.created': 1 }, agent: agentMove('created', data) }),
  [runtime.agentUpdated.type]: (data) => ({ counters: {}, agent: renamed(data) }),
  [runtime.agentDeleted.type]: (data) => ({ counters: { 'agents.deleted': 1 }, agent: agentMove('deleted', data) }),
  [runtime.runStarted.type]: (data) => ({ counters: { 'runs.started': 1 }, run: runMove('started', data) }),
  [runtime.runStepExecuted.type]: () => ({ counters: { 'runs.steps': 1 } }),
  [runtime.runHumanRequested.type]: (data) => ({ counters: {}, run: runMove('awaiting', data) }),
  [runtime.runResumed.type]: (data) => ({ counters: {}, run: runMove('resumed', data) }),
  [runtime.runCompleted.type]: (data) => ended('runs.completed', 'resolved', data),
  [runtime.runFailed.type]: (data) => ended('runs.failed', 'failed', data),
  [runtime.runCancelled.type]: (data) => ended('runs.cancelled', 'abandoned', data),
  [runtime.runTimedOut.type]: (data) => ended('runs.timed_out', 'failed', data),
  [hitl.requestOpened.type]: () => ({ counters: { 'hitl.opened': 1, 'hitl.open': 1 } }),
  [hitl.requestRefused.type]: () => ({ counters: { 'hitl.refused': 1 } }),
  [hitl.requestExpired.type]: () => ({ counters: { 'hitl.expired': 1, 'hitl.open': -1 } }),
  [hitl.requestCancelled.type]: () => ({ counters: { 'hitl.cancelled': 1, 'hitl.open': -1 } }),
  [hitl.requestDecided.type]: (data) => ({ counters: { [`decision.${decisionIn(data)}`]: 1, 'hitl.open': -1 } }),
  [hitl.requestSlaBreached.type]: () => ({ counters: { 'hitl.sla_breached': 1 } }),
  [hitl.escalationRaised.type]: () => ({ counters: { 'hitl.escalations': 1 } }),
};

/** The event types whose numbers are kept; every happening counts for its audit type besides. */
export const countedTypes = Object.keys(byType);

/** What a happening does to the numbers. Data of a newer version are read as far as they are understood. */
export function tallyOf({ auditType, type, data }: Happening): Tally {
  const tally = type !== undefined && Object.hasOwn(byType, type) ? byType[type]?.(data) : undefined;
  return { ...tally, counters: { ...tally?.counters, [`audit.${auditType}`]: 1 } };
}

/** How many of an agent's runs are unfinished and wait, before and after one of them moved. */
export interface AgentLoad {
  readonly unfinished: number;
  readonly awaiting: number;
}

/** What a run's move, or an agent's end, does to the numbers of the tenant. */
export function loadTally(before: AgentLoad, after: AgentLoad): Record<string, number> {
  return {
    'runs.unfinished': after.unfinished - before.unfinished,
    'runs.awaiting': after.awaiting - before.awaiting,
    'agents.active': Number(after.unfinished > 0) - Number(before.unfinished > 0),
    'agents.awaiting': Number(after.awaiting > 0) - Number(before.awaiting > 0),
  };
}

/** Adds tallies up; what comes to nothing is left out. */
export function sum(tallies: readonly Readonly<Record<string, number>>[]): Map<string, number> {
  const total = new Map<string, number>();
  for (const tally of tallies) {
    for (const [name, delta] of Object.entries(tally)) total.set(name, (total.get(name) ?? 0) + delta);
  }
  return new Map([...total].filter(([, delta]) => delta !== 0));
}

function ended(counter: string, otherwise: Outcome, data: Data): Tally {
  const outcome = runtime.RunOutcome.safeParse(data['outcome']).data ?? otherwise;
  const usage = runtime.RunUsage.safeParse(data['usage']).data;
  const spent = { 'tokens.in': usage?.inputTokens, 'tokens.out': usage?.outputTokens, cost: usage?.costMicroUsd };
  return {
    counters: {
      [counter]: 1,
      [`outcome.${outcome}`]: 1,
      ...Object.fromEntries(Object.entries(spent).map(([name, value = 0]) => [name, value])),
    },
    run: runMove('ended', data),
  };
}

function runMove(to: RunMove['to'], data: Data): RunMove | undefined {
  const runId = RunId.safeParse(data['runId']).data;
  const agentId = AgentId.safeParse(data['agentId']).data;
  if (runId === undefined || agentId === undefined) return undefined;
  return { to, runId, agentId, blueprint: textIn(data, 'blueprint') ?? '' };
}

function agentMove(to: AgentMove['to'], data: Data): AgentMove | undefined {
  const agentId = AgentId.safeParse(data['agentId']).data;
  if (agentId === undefined) return undefined;
  return { to, agentId, name: textIn(data, 'name') ?? null, blueprint: textIn(data, 'blueprint') ?? '' };
}

/** A change that does not say the new name makes the old one unknown. */
function renamed(data: Data): AgentMove | undefined {
  const { changed } = data;
  return Array.isArray(changed) && changed.includes('name') ? agentMove('renamed', data) : undefined;
}

function decisionIn(data: Data): string {
  return hitl.decisions.find((known) => known === data['decision']) ?? 'other';
}

function textIn(data: Data, field: string): string | undefined {
  const value = data[field];
  return typeof value === 'string' ? value : undefined;
}
