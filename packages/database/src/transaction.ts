import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { TenantId } from '@support101/contracts';
import { AsyncLocalStorage } from 'node:async_hooks';
import { DatabaseFailure } from './failures.js';
import type { SystemReason } from './system-reason.js';

/** One open transaction, of `Database` or of `PrismaDatabase`: what repositories take as their first argument. */
export interface Tx {
  /** The tenant whose rows are visible; undefined in a system transaction. */
  readonly tenantId: TenantId | undefined;
  /** Runs one statement; with `name` it is a prepared statement, kept by the connection (one name, one text). */
  query<Row extends object>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]>;
  /** Runs `run` once the commit is known; not at all when the transaction fails or its outcome is unknown. */
  afterCommit(run: () => void): void;
}

const identifier = /^[a-z][a-z0-9_]{0,50}$/;

/** The schema's name, checked: it is put into SQL text, and role names are made from it. */
export function checkedSchema(schema: string): string {
  if (!identifier.test(schema)) throw new TypeError(`not a schema name: ${JSON.stringify(schema)}`);
  return schema;
}

/** The role under which row-level security shows one tenant's rows. */
export function appRole(schema: string): string {
  return `${checkedSchema(schema)}_app`;
}

/** The role whose policies show the rows of all tenants. */
export function systemRole(schema: string): string {
  return `${checkedSchema(schema)}_system`;
}

/**
 * The statements that make a transaction one tenant's. The id is checked before it becomes part of the text:
 * a TypeID has no character that SQL could misread.
 */
export function tenantSettings(schema: string, tenantId: string): string {
  if (!TenantId.safeParse(tenantId).success) {
    throw new DatabaseFailure('invalid_tenant', JSON.stringify(String(tenantId).slice(0, 40)));
  }
  return `set local role ${appRole(schema)}; set local search_path to ${schema}, public; set local app.tenant_id to '${tenantId}'`;
}

/** The statements that make a transaction the system's; the reason can be read by `current_setting`. */
export function systemSettings(schema: string, reason: SystemReason): string {
  return `set local role ${systemRole(schema)}; set local search_path to ${schema}, public; set local app.system_reason to '${reason}'`;
}

const current = new AsyncLocalStorage<{ open: boolean }>();

/** What is to be done when the commit is known. */
export type Hook = () => void;

/**
 * Runs `run`, which adds its hooks, and then the hooks. Refuses transactions opened inside it: on embedded Postgres,
 * which has one backend, a second one would wait for ever, and on any other it can exhaust the pool.
 */
export async function exclusively<T>(run: (hooks: Hook[]) => Promise<T>, onError: (error: Error) => void): Promise<T> {
  refuseInTransaction();
  const mark = { open: true };
  const hooks: Hook[] = [];
  let result: T;
  try {
    result = await current.run(mark, () => run(hooks));
  } finally {
    mark.open = false;
  }
  for (const hook of hooks) {
    try {
      hook();
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
  return result;
}

/** Throws `nested_transaction` when called from inside a transaction. */
export function refuseInTransaction(): void {
  if (current.getStore()?.open) {
    throw new DatabaseFailure('nested_transaction', 'Pass `tx` on, or do the other work before or after.');
  }
}

/** Runs `run` as if no transaction were open around it and as part of no trace: for loops that serve many callers. */
export function detached<T>(run: () => T): T {
  return current.run({ open: false }, () => context.with(ROOT_CONTEXT, run));
}
