import type { Database } from './database.js';
import { appRole, systemRole } from './transaction.js';

/** A table or view that row-level security does not protect as it should, and what is wrong with it. */
export interface UnprotectedTable {
  readonly table: string;
  readonly missing: readonly string[];
}

interface RelationRow {
  readonly table: string;
  readonly kind: 'table' | 'view';
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly invoker: boolean;
  readonly policies: readonly PolicyRow[];
}

interface PolicyRow {
  readonly name: string;
  readonly roles: readonly string[];
  readonly command: string;
  readonly condition: string;
  readonly check: string;
}

const relations = `
  select c.relname as table,
         case when c.relkind = 'v' then 'view' else 'table' end as kind,
         c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
         coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false) as invoker,
         coalesce((select json_agg(json_build_object(
             'name', p.policyname, 'roles', p.roles, 'command', p.cmd,
             'condition', coalesce(p.qual, ''), 'check', coalesce(p.with_check, p.qual, '')))
           from pg_policies p
           where p.schemaname = n.nspname and p.tablename = c.relname and p.permissive = 'PERMISSIVE'), '[]') as policies
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and (c.relkind = 'v' or c.relkind in ('r', 'p') and exists (
    select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped))
  order by 1`;

/**
 * Reports every table of the schema that has a `tenant_id` column and lacks ENABLE or FORCE ROW LEVEL SECURITY or one of
 * the two policies, or has a policy that shows the app role rows of any tenant; and every view that runs with the rights
 * of its owner. Empty when all is well: a service's tests assert that.
 */
export async function unprotectedTables(database: Database): Promise<UnprotectedTable[]> {
  const { schema } = database;
  const rows = await database.asSystem('migration-check', (tx) => tx.query<RelationRow>(relations, [schema]));
  return rows
    .map((row) => ({ table: row.table, missing: row.kind === 'view' ? viewFaults(row) : tableFaults(row, schema) }))
    .filter(({ missing }) => missing.length > 0);
}

function viewFaults(view: RelationRow): string[] {
  return view.invoker ? [] : ['with (security_invoker = true)'];
}

function tableFaults(table: RelationRow, schema: string): string[] {
  const faults: string[] = [];
  if (!table.enabled) faults.push('enable row level security');
  if (!table.forced) faults.push('force row level security');
  const forApp = table.policies.filter(({ roles }) => roles.includes(appRole(schema)) || roles.includes('public'));
  if (!forApp.some(({ command }) => command === 'ALL' || command === 'SELECT')) faults.push(`policy for ${appRole(schema)}`);
  for (const policy of forApp.filter((each) => !namesTenant(each))) {
    faults.push(`policy "${policy.name}" does not compare tenant_id with app.tenant_id`);
  }
  if (!table.policies.some(({ roles }) => roles.includes(systemRole(schema)))) faults.push(`policy for ${systemRole(schema)}`);
  return faults;
}

function namesTenant(policy: PolicyRow): boolean {
  const conditions = policy.command === 'INSERT' ? [policy.check] : [policy.condition, policy.check];
  return conditions.every((condition) => condition.includes('tenant_id') && condition.includes('app.tenant_id'));
}
