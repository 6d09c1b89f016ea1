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

/** Settings that hold until the end of a transaction, by name. A value is a list where it has commas. */
export type Settings = Readonly<Record<string, string>>;

/** How a transaction is opened. */
export interface Opening {
  readonly settings: Settings;
  readonly tenantId: TenantId | undefined;
}

/** The settings with which a connection of a pool begins, wherever it has a session of its own. */
export function sessionSettings(schema: string): Settings {
  return { role: appRole(schema), search_path: `${schema}, public` };
}

/**
 * What makes a transaction one tenant's, besides `always`, which every transaction sets. The id is checked before it
 * becomes part of a text: a TypeID has no character that SQL could misread.
 */
export function tenantOpening(always: Settings, tenantId: TenantId): Opening {
  if (!TenantId.safeParse(tenantId).success) {
    throw new DatabaseFailure('invalid_tenant', JSON.stringify(String(tenantId).slice(0, 40)));
  }
  return { settings: { ...always, 'app.tenant_id': tenantId }, tenantId };
}

/** What makes a transaction the system's, besides `always`; the reason can be read by `current_setting`. */
export function systemOpening(always: Settings, schema: string, reason: SystemReason): Opening {
  return { settings: { ...always, role: systemRole(schema), 'app.system_reason': reason }, tenantId: undefined };
}

/**
 * The name under which a connection keeps a prepared statement for transactions of this kind. Under another role than
 * before Postgres would analyse and plan it anew, because the policies are another role's.
 */
export function preparedName(name: string | undefined, tenantId: TenantId | undefined): string | undefined {
  if (name === undefined || name === '') return undefined;
  return tenantId === undefined ? `${name}@system` : name;
}

/** The settings as one statement that can be prepared, with its values. */
export function preparedSettings(settings: Settings): { text: string; values: string[] } {
  const names = Object.keys(settings).map((name, index) => `set_config('${name}', $${index + 1}, true)`);
  return { text: `select ${names.join(', ')}`, values: Object.values(settings) };
}

/** The settings as statements in one text, which other statements can stand before. */
export function settingsText(settings: Settings): string {
  const quoted = (value: string) =>
    value
      .split(', ')
      .map((each) => `'${each}'`)
      .join(', ');
  return Object.entries(settings)
    .map(([name, value]) => `set local ${name} to ${quoted(value)}`)
    .join('; ');
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
