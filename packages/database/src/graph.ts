import { isDatabaseFailure, messageOf } from './failures.js';
import { onOneConnection } from './migrate.js';
import { appRole, checkedSchema, systemRole } from './transaction.js';
import type { Queryable } from './roles.js';

/** What a schema's graph in Apache AGE is made of. */
export interface GraphOptions {
  readonly url: string;
  readonly schema: string;
  /** The labels of vertices, each with the properties besides `id` that its vertices are looked up by. */
  readonly vertices: Readonly<Record<string, readonly string[]>>;
  /** The labels of edges. */
  readonly edges: readonly string[];
}

/** Whether the database has the graph; `reason` says what is missing where it has not. */
export type GraphState = { readonly version: string } | { readonly version: undefined; readonly reason: string };

/**
 * Row-level security lets an index serve only comparisons that are known to leak nothing. These three compare values or
 * pick a property, and put no value into the text of an error; without the mark a Cypher match reads every row of its tenant.
 */
export const leakproofGraphs = `
  alter function ag_catalog.agtype_eq(ag_catalog.agtype, ag_catalog.agtype) leakproof;
  alter function ag_catalog.graphid_eq(ag_catalog.graphid, ag_catalog.graphid) leakproof;
  alter function ag_catalog.agtype_access_operator(ag_catalog.agtype[]) leakproof;`;

/** Loads Apache AGE into the session that runs it, also for a login that may not LOAD; to be sent before a Cypher query. */
export const wakeGraphs = `select '1'::ag_catalog.agtype`;

/** The name of the schema's graph, which is also the name of the Postgres schema that its tables are in. */
export function graphName(schema: string): string {
  return `${checkedSchema(schema)}_graph`;
}

/** A property as Cypher reads it and as the indexes keep it. */
export function graphProperty(name: string): string {
  return `ag_catalog.agtype_access_operator(variadic array[properties, '"${checkedLabel(name)}"'::ag_catalog.agtype])`;
}

/**
 * Makes the schema's graph where the database has Apache AGE: a table per label under forced row-level security, with
 * `tenantId` first in its unique key. Cypher obeys that in reading; in writing from AGE 1.7 on only, so whoever writes does it
 * into the tables themselves. Safe to repeat and in several processes; adds labels that are new.
 * Makes the extension too where the login may. Throws only when the database cannot be reached.
 */
export async function prepareGraph(options: GraphOptions): Promise<GraphState> {
  try {
    return await onOneConnection(options.url, options.schema, async (pool): Promise<GraphState> => {
      // First, since two that change the same function or make the same extension at once are refused.
      await pool.query(`select pg_advisory_xact_lock(hashtext('support101 graph'))`);
      const version = await extension(pool);
      if (typeof version !== 'string') return { version: undefined, reason: version.reason };
      await make(pool, options);
      return usable(pool, options.schema, version);
    });
  } catch (error) {
    if (isDatabaseFailure(error, 'database_unreachable')) throw error;
    return { version: undefined, reason: `the graph cannot be made: ${messageOf(error)}` };
  }
}

interface ExtensionRow {
  readonly installed: string | null;
  readonly available: string | null;
  readonly superuser: boolean;
}

async function extension(pool: Queryable): Promise<string | { reason: string }> {
  const { rows } = await pool.query<ExtensionRow>(
    `select (select extversion from pg_extension where extname = 'age') as installed,
       (select default_version from pg_available_extensions where name = 'age') as available,
       (select rolsuper from pg_roles where rolname = current_user) as superuser`,
  );
  const { installed = null, available = null, superuser = false } = rows[0] ?? {};
  const version = installed ?? available;
  if (version === null) return { reason: 'the database has no Apache AGE' };
  if (installed === null && !superuser) return { reason: 'the login may not create the extension age' };
  if (installed === null) await pool.query('create extension age');
  if (superuser) await pool.query(leakproofGraphs);
  return version;
}

async function make(pool: Queryable, { schema, vertices, edges }: GraphOptions): Promise<void> {
  const graph = graphName(schema);
  await pool.query('set local search_path to ag_catalog');
  await pool.query(wakeGraphs);
  const known = await labelsOf(pool, graph);
  if (known === undefined) {
    await pool.query(`select create_graph('${graph}')`);
    for (const label of ['_ag_label_vertex', '_ag_label_edge']) await protect(pool, schema, label);
  }
  for (const [label, properties] of Object.entries(vertices)) {
    if (known?.has(label)) continue;
    await pool.query(`select create_vlabel('${graph}', '${checkedLabel(label)}')`);
    await protect(pool, schema, label);
    await pool.query(`create unique index on ${graph}."${label}" (${graphProperty('tenantId')}, ${graphProperty('id')})`);
    for (const property of properties) {
      await pool.query(`create index on ${graph}."${label}" (${graphProperty('tenantId')}, ${graphProperty(property)})`);
    }
  }
  for (const label of edges) {
    if (known?.has(label)) continue;
    await pool.query(`select create_elabel('${graph}', '${checkedLabel(label)}')`);
    await protect(pool, schema, label);
    await pool.query(`create unique index on ${graph}."${label}" (${graphProperty('tenantId')}, start_id, end_id)`);
    await pool.query(`create index on ${graph}."${label}" (end_id)`);
  }
  for (const role of [appRole(schema), systemRole(schema)]) await grant(pool, graph, role);
}

/** The labels that are there; undefined when not even the graph is. */
async function labelsOf(pool: Queryable, graph: string): Promise<ReadonlySet<string> | undefined> {
  const { rows } = await pool.query<{ label: string | null }>(
    `select l.name::text as label from ag_graph g left join ag_label l on l.graph = g.graphid where g.name = '${graph}'`,
  );
  return rows.length === 0 ? undefined : new Set(rows.flatMap(({ label }) => label ?? []));
}

/** Without a subselect in the policy: when Cypher writes, it cannot evaluate one. */
async function protect(pool: Queryable, schema: string, label: string): Promise<void> {
  const table = `${graphName(schema)}."${label}"`;
  await pool.query(`alter table ${table} enable row level security`);
  await pool.query(`alter table ${table} force row level security`);
  const tenant = `to_json(nullif(current_setting('app.tenant_id', true), ''))::text::ag_catalog.agtype`;
  const own = `${graphProperty('tenantId')} = ${tenant}`;
  await pool.query(`create policy tenant on ${table} to ${appRole(schema)} using (${own}) with check (${own})`);
  await pool.query(`create policy system on ${table} to ${systemRole(schema)} using (true) with check (true)`);
}

async function grant(pool: Queryable, graph: string, role: string): Promise<void> {
  await pool.query(`grant usage on schema ag_catalog to ${role}`);
  await pool.query(`grant select on ag_graph, ag_label to ${role}`);
  await pool.query(`grant usage on schema ${graph} to ${role}`);
  await pool.query(`grant select, insert, update, delete on all tables in schema ${graph} to ${role}`);
  await pool.query(`grant usage, select on all sequences in schema ${graph} to ${role}`);
}

/** A grant that the login may not give is only a warning: what counts is what the role may do now. */
async function usable(pool: Queryable, schema: string, version: string): Promise<GraphState> {
  const { rows } = await pool.query<{ may: boolean }>(
    `select has_schema_privilege('${appRole(schema)}', 'ag_catalog', 'usage') as may`,
  );
  if (rows[0]?.may === true) return { version };
  return { version: undefined, reason: `${appRole(schema)} may not use the schema ag_catalog` };
}

/** Names go into SQL text: letters and underscores only. */
function checkedLabel(name: string): string {
  if (!/^[A-Za-z][A-Za-z_]{0,40}$/.test(name)) throw new TypeError(`not a label or property: ${JSON.stringify(name)}`);
  return name;
}
