import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { type Database, drift, isRefused, unprotectedTables } from '@support101/database';
import { messagingSchemaFile } from '@support101/messaging';
import { newId } from '@support101/service-kit';
import { type Engine, engines } from './engines.js';
import type { Prepared, ServiceSchema } from './prepare.js';

interface Tables<P extends Prepared> {
  readonly prepared: P;
  readonly acme: TenantId;
  readonly globex: TenantId;
  /** The service's own tables with rows of tenants, by name. */
  readonly owned: readonly string[];
}

interface TablesSuite<P extends Prepared> {
  readonly definition: ServiceSchema;
  readonly prepare: (engine: Engine) => Promise<P>;
  /** Tables that `fill` writes a row of the tenant into. */
  readonly filled: readonly string[];
  readonly fill: (prepared: P, tenantId: TenantId) => Promise<unknown>;
  /** What else is to hold of this service's tables, on both engines. */
  readonly also?: (tables: () => Tables<P>) => void;
}

const tenantTables = `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' where n.nspname = $1 and c.relkind in ('r', 'p')`;

const ofMessaging = ['outbox', 'inbox', 'dead_letters', 'idempotency_keys'];

/** What holds of the tables of every service: they are as described, and a tenant meets its own rows only. */
export function describeTables<P extends Prepared>({ definition, prepare, filled, fill, also }: TablesSuite<P>): void {
  describe.each(engines)(`the tables of ${definition.name} (%s)`, (engine) => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    let prepared: P;
    let all: string[];

    beforeAll(async () => {
      prepared = await prepare(engine);
      for (const tenantId of [acme, globex]) await fill(prepared, tenantId);
      all = await tablesOf(prepared.database);
    });

    afterAll(async () => {
      await prepared?.close();
    });

    async function isWritten(text: string): Promise<boolean> {
      try {
        const rows = await prepared.database.forTenant(acme, (tx) => tx.query(text, [globex]));
        return rows.length > 0;
      } catch (error) {
        if (isRefused(error)) return false;
        throw error;
      }
    }

    it('are those that the Prisma schema describes', async () => {
      const schemaFiles = [new URL('../schema.prisma', definition.migrations), messagingSchemaFile];

      expect(await drift({ url: prepared.url, schema: definition.schema, schemaFiles })).toBe('');
    });

    it('are all protected by row-level security', async () => {
      expect(await unprotectedTables(prepared.database)).toEqual([]);
    });

    it.each(filled)('of which %s shows a tenant its own rows only', async (table) => {
      const owners = `select distinct tenant_id = $1 as mine from ${table} where tenant_id in ($1, $2) order by mine`;

      const seen = await prepared.database.forTenant(acme, (tx) => tx.query(owners, [acme, globex]));
      const there = await prepared.database.asSystem('test', (tx) => tx.query(owners, [acme, globex]));

      expect({ seen, there }).toEqual({ seen: [{ mine: true }], there: [{ mine: false }, { mine: true }] });
    });

    it('take and change no row of another tenant', async () => {
      for (const table of all) {
        const inserted = await isWritten(`insert into ${table} (tenant_id) values ($1) returning 1`);
        const taken = await isWritten(`update ${table} set tenant_id = '${acme}' where tenant_id = $1 returning 1`);

        expect({ table, inserted, taken }).toEqual({ table, inserted: false, taken: false });
      }
      expect(all).toEqual(expect.arrayContaining([...filled]));
    });

    also?.(() => ({ prepared, acme, globex, owned: all.filter((name) => !ofMessaging.includes(name)) }));
  });
}

async function tablesOf(database: Database): Promise<string[]> {
  const rows = await database.asSystem('test', (tx) => tx.query<{ name: string }>(tenantTables, [database.schema]));
  return rows.map(({ name }) => name).sort();
}
