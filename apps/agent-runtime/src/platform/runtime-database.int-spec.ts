import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { drift, isRefused, unprotectedTables } from '@support101/database';
import { messagingSchemaFile } from '@support101/messaging';
import { newId } from '@support101/service-kit';
import { anAgent, engines, insertAgent, insertRun, prepare, type Prepared } from '../../test/engines.js';

describe.each(engines)('the tables of agent-runtime (%s)', (engine) => {
  let prepared: Prepared;
  let acme: TenantId;
  let globex: TenantId;

  beforeAll(async () => {
    prepared = await prepare(engine);
    [acme, globex] = [newId('ten'), newId('ten')];
    for (const tenantId of [acme, globex]) {
      await insertAgent(prepared, tenantId);
      await insertRun(prepared, tenantId);
    }
  });

  afterAll(async () => {
    await prepared?.close();
  });

  it('are those that the Prisma schema describes', async () => {
    const schemaFiles = [new URL('../../prisma/schema.prisma', import.meta.url), messagingSchemaFile];

    expect(await drift({ url: prepared.url, schema: 'agent_runtime', schemaFiles })).toBe('');
  });

  it('are all protected by row-level security', async () => {
    expect(await unprotectedTables(prepared.database)).toEqual([]);
  });

  it.each(['agents', 'runs', 'run_leases'])('%s shows a tenant its own rows only', async (table) => {
    const count = `select count(*)::integer as count, count(*) filter (where tenant_id <> $1)::integer as foreign from ${table}`;

    const [mine] = await prepared.database.forTenant(acme, (tx) => tx.query(count, [acme]));
    const [all] = await prepared.database.asSystem('test', (tx) => tx.query(count, [acme]));

    expect(mine).toEqual({ count: 1, foreign: 0 });
    expect(all).toEqual({ count: 2, foreign: 1 });
  });

  it('cannot be written for another tenant', async () => {
    const row = anAgent(globex);
    const insert = prepared.runtime.forTenant(acme, (tx) => tx.prisma.agent.create({ data: { ...row, config: {} } }));
    const outcome = await insert.then(
      () => 'written',
      (error: unknown) => (isRefused(error) ? 'refused' : error),
    );
    const changed = await prepared.database.forTenant(acme, (tx) =>
      tx.query(`update runs set status = 'cancelled' where tenant_id = $1 returning 1`, [globex]),
    );

    expect(outcome).toBe('refused');
    expect(changed).toEqual([]);
  });
});
