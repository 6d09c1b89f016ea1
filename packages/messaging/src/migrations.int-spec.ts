import { expect, it } from '@jest/globals';
import { drift, isRefused } from '@support101/database';
import { onBothEngines } from './both-engines.fixture-spec.js';
import { messagingSchemaFile } from './migrations.js';
import { acme, globex } from './transport.conformance-spec.js';

const tables = {
  outbox: `insert into outbox (tenant_id, event_id, type, resource, envelope, recorded_at) values ($1, 'evt_1', 't', 'r', '{}', now())`,
  inbox: `insert into inbox (tenant_id, durable, event_id, handled_at) values ($1, 'd', 'evt_1', now())`,
  idempotency_keys: `insert into idempotency_keys (tenant_id, subject, key, body_hash, answer, answered_at) values ($1, 's', 'k', 'h', '{}', now())`,
  dead_letters: `insert into dead_letters (tenant_id, durable, event_id, type, envelope, reason, attempts, failed_at)
    values ($1, 'd', 'evt_1', 't', '{}', 'r', 1, now())`,
} as const;

onBothEngines('the tables of messaging', (world) => {
  it('are what their Prisma schema says', async () => {
    const { url, schema } = world().database;
    const effects = new URL('../test-fixture/effects.prisma', import.meta.url);

    const difference = await drift({ url, schema, schemaFiles: [effects, messagingSchemaFile] });

    expect(difference).toBe('');
  });

  it.each(Object.entries(tables))('show and take rows of the transaction’s tenant only: %s', async (table, insert) => {
    const { database } = world();
    await database.forTenant(acme, (tx) => tx.query(insert, [acme]));

    const seen = await database.forTenant(globex, (tx) => tx.query(`select * from ${table}`));
    const forged = await database.forTenant(globex, (tx) => tx.query(insert, [acme])).catch((error: unknown) => error);

    expect(seen).toEqual([]);
    expect(isRefused(forged)).toBe(true);
  });
});
