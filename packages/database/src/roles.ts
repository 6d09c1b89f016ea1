import { DatabaseFailure } from './failures.js';
import { messageOf } from './pool.js';
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

/** One statement, so that it is one transaction also where it is sent outside of one. */
function roleStatement(schema: string, role: string): string {
  return `do $prepare$
begin
  if not exists (select from pg_roles where rolname = '${role}') then
    begin
      create role ${role} nologin nobypassrls;
    exception when duplicate_object or unique_violation then null; -- another schema's process was faster
    end;
  end if;
  if not pg_has_role(session_user, '${role}', case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
    execute format('grant ${role} to %I', session_user);
  end if;
  grant usage on schema ${schema} to ${role};
  grant select, insert, update, delete on all tables in schema ${schema} to ${role};
  grant usage, select on all sequences in schema ${schema} to ${role};
  alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${role};
  alter default privileges in schema ${schema} grant usage, select on sequences to ${role};
end
$prepare$`;
}
