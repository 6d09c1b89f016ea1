import { ArticleId, id, type Id } from '@support101/contracts';
import { runStatuses, type RunStatus, type RunUsage } from '@support101/contracts/agent-runtime';

/** What a run's status may become. Nothing leaves an end; `running` to `running` is another worker taking over. */
const transitions: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  // A run that was decided about is queued as well, and may have to end before a worker has it.
  queued: ['running', 'cancelled'],
  running: ['running', 'awaiting_human', 'completed', 'failed', 'cancelled', 'timed_out'],
  awaiting_human: ['queued', 'failed', 'cancelled', 'timed_out'],
  completed: [],
  failed: [],
  cancelled: [],
  timed_out: [],
};

/** The statuses from which a run may come to `to`: what an update of the status asks for. */
export function sourcesOf(to: RunStatus): RunStatus[] {
  return runStatuses.filter((from) => transitions[from].includes(to));
}

/** What an output says it rests on, if it says so in `sources` and `confidence`, as the support agent's does. */
export function groundsOf(output: State): { usedArticleIds?: ArticleId[]; usedPathIds?: Id<'gpt'>[]; confidence?: number } {
  const { sources, confidence } = output;
  const named = Array.isArray(sources) ? (sources as readonly unknown[]).filter(isObject) : [];
  const usedArticleIds = idsOf(ArticleId, named, 'articleId');
  const usedPathIds = idsOf(PathId, named, 'pathId');
  return {
    ...(usedArticleIds.length === 0 ? {} : { usedArticleIds }),
    ...(usedPathIds.length === 0 ? {} : { usedPathIds }),
    ...(typeof confidence === 'number' ? { confidence } : {}),
  };
}

const PathId = id('gpt');

function idsOf<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  sources: readonly State[],
  key: string,
): T[] {
  const ids = sources.flatMap((source) => {
    const parsed = schema.safeParse(source[key]);
    return parsed.success ? [parsed.data] : [];
  });
  return [...new Set(ids)];
}

/** What two parts of a run have used; the model is the one that was asked last. */
export function addUsage(sum: RunUsage, more: RunUsage): RunUsage {
  return {
    inputTokens: sum.inputTokens + more.inputTokens,
    outputTokens: sum.outputTokens + more.outputTokens,
    costMicroUsd: sum.costMicroUsd + more.costMicroUsd,
    model: more.model ?? sum.model,
  };
}

/** Plain JSON: the state of a run. */
export type State = Readonly<Record<string, unknown>>;

/** One change of a state: the part of JSON Patch (RFC 6902) that `diff` makes. */
export type Operation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** What one journal row says about the state: the whole of it, or what the step changed. */
export type StateRow =
  | { readonly snapshot: State; readonly change: null }
  | { readonly snapshot: null; readonly change: readonly Operation[] };

/**
 * Every 32nd row holds the whole state, the first one included. Loading therefore reads at most 32 rows however long
 * the run is, and a row in between is as small as what its step changed.
 */
export const snapshotEvery = 32;

/** The row that says how `after` came from `before` at this step (counted from 0). */
export function stateRow(step: number, before: State, after: State): StateRow {
  if (step % snapshotEvery === 0) return { snapshot: after, change: null };
  return { snapshot: null, change: diff(before, after) };
}

/** The step of the last snapshot among the given number of steps; reading starts there. */
export function lastSnapshot(stepsCount: number): number {
  return Math.floor(Math.max(0, stepsCount - 1) / snapshotEvery) * snapshotEvery;
}

/** The state after the given rows, which begin with a snapshot and have no gap. */
export function fold(rows: readonly StateRow[]): State {
  let state: State = {};
  for (const row of rows) state = row.snapshot ?? apply(state, row.change ?? []);
  return state;
}

/** The operations that turn `before` into `after`. An array that grew at its end costs only what was added. */
export function diff(before: State, after: State): Operation[] {
  const operations: Operation[] = [];
  compareObjects(before, after, '', operations);
  return operations;
}

/** `state` after the operations; `state` itself stays as it is. */
export function apply(state: State, operations: readonly Operation[]): State {
  const copy = structuredClone(state) as Record<string, unknown>;
  for (const operation of operations) applyOne(copy, operation);
  return copy;
}

function compare(before: unknown, after: unknown, path: string, operations: Operation[]): void {
  // Agents copy what changed and keep the rest, so most of a state is skipped here.
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) compareArrays(before, after, path, operations);
  else if (isObject(before) && isObject(after)) compareObjects(before, after, path, operations);
  else operations.push({ op: 'replace', path, value: after });
}

function compareObjects(before: State, after: State, path: string, operations: Operation[]): void {
  for (const key of Object.keys(before)) {
    if (before[key] !== undefined && after[key] === undefined) operations.push({ op: 'remove', path: `${path}/${escape(key)}` });
  }
  for (const [key, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const at = `${path}/${escape(key)}`;
    if (!Object.hasOwn(before, key) || before[key] === undefined) operations.push({ op: 'add', path: at, value });
    else compare(before[key], value, at, operations);
  }
}

function compareArrays(before: readonly unknown[], after: readonly unknown[], path: string, operations: Operation[]): void {
  const shared = Math.min(before.length, after.length);
  for (let index = 0; index < shared; index += 1) compare(before[index], after[index], `${path}/${index}`, operations);
  for (let index = before.length - 1; index >= shared; index -= 1) operations.push({ op: 'remove', path: `${path}/${index}` });
  for (const value of after.slice(shared)) operations.push({ op: 'add', path: `${path}/-`, value });
}

function applyOne(state: Record<string, unknown>, operation: Operation): void {
  const keys = operation.path.split('/').slice(1).map(unescape);
  const last = keys.pop() ?? '';
  let target: unknown = state;
  for (const key of keys) target = (target as Record<string, unknown>)[key];
  if (Array.isArray(target)) {
    if (operation.op === 'remove') target.splice(Number(last), 1);
    else if (last === '-') target.push(operation.value);
    else target[Number(last)] = operation.value;
  } else if (operation.op === 'remove') delete (target as Record<string, unknown>)[last];
  else (target as Record<string, unknown>)[last] = operation.value;
}

function isObject(value: unknown): value is State {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function unescape(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
