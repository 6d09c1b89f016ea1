import { expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { describeTables } from '@support101/service-testing';
import { definition, prepare, type Prepared } from '../../test/engines.js';
import { InboundRepository, type NewInbound } from '../inbound/inbound.repository.js';
import { SourcesRepository } from '../sources/sources.repository.js';

const at = new Date('2026-11-22T12:00:00Z');
const sources = new SourcesRepository();
const inbound = new InboundRepository();

async function insertSource({ models }: Prepared, tenantId: TenantId) {
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
  return models.forTenant(tenantId, (tx) => sources.insert(tx, row));
}

function delivery(tenantId: TenantId, sourceId: NewInbound['sourceId'], change: Partial<NewInbound> = {}): NewInbound {
  const ids = { tenantId, sourceId, inboundId: newId('inb'), type: 'jira.x', deliveryId: 'd1', externalId: null };
  return { ...ids, digest: new Uint8Array(32).fill(1), body: new Uint8Array([123, 0, 255]), receivedAt: at, ...change };
}

describeTables({
  definition,
  prepare,
  filled: ['sources', 'inbound'],
  fill: async (prepared, tenantId) => {
    const { sourceId } = await insertSource(prepared, tenantId);
    await prepared.database.forTenant(tenantId, (tx) => inbound.insert(tx, delivery(tenantId, sourceId)));
  },
  also: (tables) => {
    const insert = (row: NewInbound) => tables().prepared.database.forTenant(row.tenantId, (tx) => inbound.insert(tx, row));

    it('let the system find a source of any tenant', async () => {
      const { prepared, globex } = tables();
      const { sourceId } = await insertSource(prepared, globex);

      const found = await prepared.database.asSystem('webhook-sources', (tx) => sources.findCredentials(tx, sourceId));

      expect(found).toMatchObject({ tenantId: globex, provider: 'jira', deletedAt: null, secretVersion: 1 });
      expect([...(found?.sealedSecret ?? [])]).toEqual([0, 200, 255]);
    });

    it('take a delivery once, by its id or by what was signed', async () => {
      const { prepared, acme } = tables();
      const { sourceId } = await insertSource(prepared, acme);
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
      expect(known).toEqual({ inboundId: first.inboundId, duplicates: 1 });
    });

    it('lose old deliveries only, and those of a tenant with its sources', async () => {
      const { prepared, acme } = tables();
      const { sourceId } = await insertSource(prepared, acme);
      await insert(delivery(acme, sourceId, { receivedAt: new Date(at.getTime() - 1) }));
      await insert(delivery(acme, sourceId, { deliveryId: 'd2', digest: new Uint8Array(32).fill(9) }));
      const left = () =>
        prepared.database.forTenant(acme, (tx) => tx.query('select 1 from inbound where source_id = $1', [sourceId]));

      await prepared.database.asSystem('webhook-retention', (tx) => inbound.removeOld(tx, at));
      const afterSweep = await left();
      await prepared.models.forTenant(acme, (tx) => sources.removeAll(tx, acme));

      expect([afterSweep.length, (await left()).length]).toEqual([1, 0]);
    });
  },
});
