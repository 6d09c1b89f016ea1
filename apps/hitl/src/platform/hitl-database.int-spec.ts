import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drift, isRefused, unprotectedTables } from '@support101/database';
import { messagingSchemaFile } from '@support101/messaging';
import { newId } from '@support101/service-kit';
import { engines, insertRequest, prepare, type Prepared } from '../../test/engines.js';
import { tenantTables } from '../tenants/tenants.repository.js';

describe.each(engines)('the tables of hitl (%s)', (engine) => {
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  it('are those that the Prisma schema describes', async () => {
    const schemaFiles = [new URL('../../prisma/schema.prisma', import.meta.url), messagingSchemaFile];

    expect(await drift({ url: prepared.url, schema: 'hitl', schemaFiles })).toBe('');
  });

  it('are all protected by row-level security', async () => {
    expect(await unprotectedTables(prepared.database)).toEqual([]);
  });

  it('are all emptied when a tenant is deleted', async () => {
    const rows = await prepared.database.asSystem('test', (tx) =>
      tx.query<{ name: string }>(
        `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' where n.nspname = 'hitl' and c.relkind = 'r'`,
      ),
    );
    const messaging = ['outbox', 'inbox', 'dead_letters', 'idempotency_keys'];

    expect(
      rows
        .map(({ name }) => name)
        .filter((name) => !messaging.includes(name))
        .sort(),
    ).toEqual([...tenantTables].sort());
  });

  it.each(tenantTables)('of which %s shows and takes the rows of the own tenant only', async (table) => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    await insertRequest(prepared, acme);

    const seen = await prepared.database.forTenant(globex, (tx) =>
      tx.query(`select 1 from ${table} where tenant_id = $1`, [acme]),
    );
    const written = prepared.database
      .forTenant(globex, (tx) => tx.query(`insert into ${table} (tenant_id) values ($1)`, [acme]))
      .then(
        () => 'written',
        (error: unknown) => (isRefused(error) ? 'refused' : error),
      );

    expect(seen).toEqual([]);
    expect(await written).toBe('refused');
  });
});
