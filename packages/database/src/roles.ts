import { DatabaseFailure, messageOf } from './failures.js';
import { appRole, checkedSchema, systemRole } from './transaction.js';

/** Anything of `pg` that runs one statement. */
export interface Queryable {
  query<Row extends object>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/**
 * Makes the schema and its two NOLOGIN roles and gives them their rights, also on tables of later migrations.
 * Safe to repeat; where the login may not make roles, they must be there already and granted to it.
 */
export async function prepareSchema(connection: Queryable, schema: string): Promise<void> {
  checkedSchema(schema);
  const roles = [appRole(schema), systemRole(schema)];
  try {
    await connection.query(`create schema if not exists ${schema}`);
    for (const role of roles) await connection.query(roleStatement(schema, role));
  } catch (error) {
    throw new DatabaseFailure('roles_missing', `${messageOf(error)}. Needed: ${roles.join(' and ')}, granted to the login.`, {
      cause: error,
    });
  }
}

/**
 * Lets a login, which must exist, take the schema's two roles and see which migrations are applied; nothing else of the
 * schema is open to it under its own name. Safe to repeat. Throws `roles_missing`.
 */
export async function grantToLogin(connection: Queryable, schema: string, login: string): Promise<void> {
  checkedSchema(schema);
  const name = `"${login.replaceAll('"', '""')}"`;
  try {
    const { rows } = await connection.query<{ per_grant: boolean }>(
      `select current_setting('server_version_num')::int >= 160000 as per_grant`,
    );
    const how = rows[0]?.per_grant === true ? ' with inherit false, set true' : '';
    await connection.query(`grant ${appRole(schema)}, ${systemRole(schema)} to ${name}${how}`);
    await connection.query(`grant usage on schema ${schema} to ${name}`);
    await connection.query(`grant select on ${schema}._prisma_migrations to ${name}`);
  } catch (error) {
    throw new DatabaseFailure('roles_missing', `${messageOf(error)}. The login ${login} must exist.`, { cause: error });
  }
}

/**
 * One statement, so that it is one transaction also where it is sent outside of one. The login may take the roles but
 * does not inherit them: the system role's policies would otherwise show it every row (on Postgres 15, which cannot
 * grant so, connections of a service start under the app role).
 */
function roleStatement(schema: string, role: string): string {
  return `do $prepare$
declare
  per_grant constant boolean := current_setting('server_version_num')::int >= 160000;
begin
  if not exists (select from pg_roles where rolname = '${role}') then
    begin
      create role ${role} nologin nobypassrls;
    exception when duplicate_object or unique_violation then null; -- another process was faster
    end;
  end if;
  if not pg_has_role(session_user, '${role}', case when per_grant then 'set' else 'member' end) then
    begin
      execute format('grant ${role} to %I', session_user) || case when per_grant then ' with inherit false, set true' else '' end;
    exception when internal_error then null; -- "tuple concurrently updated": the same grant, made by another process
    end;
  end if;
  grant usage on schema ${schema} to ${role};
  grant select, insert, update, delete on all tables in schema ${schema} to ${role};
  grant usage, select on all sequences in schema ${schema} to ${role};
  alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${role};
  alter default privileges in schema ${schema} grant usage, select on sequences to ${role};
end
$prepare$`;
}
