import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { drift, isRefused, unprotectedTables } from '@support101/database';
import { messagingSchemaFile } from '@support101/messaging';
import { newId } from '@support101/service-kit';
import { engines, prepare, type Prepared } from '../../test/engines.js';
import { InboundRepository, type NewInbound } from '../inbound/inbound.repository.js';
import { SourcesRepository } from '../sources/sources.repository.js';

const at = new Date('2026-11-22T12:00:00Z');

describe.each(engines)('the tables of webhook-gateway (%s)', (engine) => {
  const sources = new SourcesRepository();
  const inbound = new InboundRepository();
  let prepared: Prepared;
  let acme: TenantId;
  let globex: TenantId;

  beforeAll(async () => {
    prepared = await prepare(engine);
    [acme, globex] = [newId('ten'), newId('ten')];
  });

  afterAll(async () => {
    await prepared?.close();
  });

  async function insertSource(tenantId: TenantId) {
    const secret = { secretVersion: 1, secretKeyId: 'k', sealedSecret: new Uint8Array([0, 200, 255]) };
    const row = {
      tenantId,
      sourceId: newId('src'),
      provider: 'jira' as const,
      name: 'x',
      ...secret,
      createdAt: at,
      updatedAt: at,
    };
    return prepared.webhooks.forTenant(tenantId, (tx) => sources.insert(tx, row));
  }

  function delivery(tenantId: TenantId, sourceId: NewInbound['sourceId'], change: Partial<NewInbound> = {}): NewInbound {
    const ids = { tenantId, sourceId, inboundId: newId('inb'), type: 'jira.x', deliveryId: 'd1', externalId: null };
    return { ...ids, digest: new Uint8Array(32).fill(1), body: new Uint8Array([123, 0, 255]), receivedAt: at, ...change };
  }

  const insert = (row: NewInbound) => prepared.database.forTenant(row.tenantId, (tx) => inbound.insert(tx, row));

  it('are those that the Prisma schema describes', async () => {
    const schemaFiles = [new URL('../../prisma/schema.prisma', import.meta.url), messagingSchemaFile];

    expect(await drift({ url: prepared.url, schema: 'webhook_gateway', schemaFiles })).toBe('');
  });

  it('are all protected by row-level security', async () => {
    expect(await unprotectedTables(prepared.database)).toEqual([]);
  });

  it('show and take a tenant’s own rows only; the system finds a source of any', async () => {
    const { sourceId } = await insertSource(globex);

    const seen = await prepared.webhooks.forTenant(acme, (tx) => tx.prisma.source.findMany({ where: { sourceId } }));
    const written = await prepared.database
      .forTenant(acme, (tx) => inbound.insert(tx, delivery(globex, sourceId)))
      .then(
        () => 'written',
        (error: unknown) => (isRefused(error) ? 'refused' : error),
      );
    const found = await prepared.database.asSystem('webhook-sources', (tx) => sources.findCredentials(tx, sourceId));

    expect([seen, written]).toEqual([[], 'refused']);
    expect(found).toMatchObject({ tenantId: globex, provider: 'jira', deletedAt: null, secretVersion: 1 });
    expect([...(found?.sealedSecret ?? [])]).toEqual([0, 200, 255]);
  });

  it('take a delivery once, by its id or by what was signed', async () => {
    const { sourceId } = await insertSource(acme);
    const first = delivery(acme, sourceId);
    const digest = new Uint8Array(32).fill(2);

    const taken = [
      await insert(first),
      await insert(delivery(acme, sourceId, { digest })),
      await insert(delivery(acme, sourceId, { deliveryId: 'd2' })),
      await insert(delivery(acme, sourceId, { deliveryId: null })),
      await insert(delivery(acme, sourceId, { deliveryId: null, digest })),
    ];
    const known = await prepared.database.forTenant(acme, (tx) => inbound.countDuplicate(tx, delivery(acme, sourceId)));

    expect(taken).toEqual([true, false, false, false, true]);
    expect(known).toBe(first.inboundId);
  });

  it('lose old deliveries only, and those of a tenant with its sources', async () => {
    const { sourceId } = await insertSource(acme);
    await insert(delivery(acme, sourceId, { receivedAt: new Date(at.getTime() - 1) }));
    await insert(delivery(acme, sourceId, { deliveryId: 'd2', digest: new Uint8Array(32).fill(9) }));
    const left = () =>
      prepared.database.forTenant(acme, (tx) => tx.query('select 1 from inbound where source_id = $1', [sourceId]));

    await prepared.database.asSystem('webhook-retention', (tx) => inbound.removeOld(tx, at));
    const afterSweep = await left();
    await prepared.webhooks.forTenant(acme, (tx) => sources.removeAll(tx, acme));

    expect([afterSweep.length, (await left()).length]).toEqual([1, 0]);
  });
});
