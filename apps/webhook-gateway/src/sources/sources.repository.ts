import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { WebhookProvider, WebhookSourceId } from '@support101/contracts/webhook-gateway';
import type { Tx } from '@support101/database';
import type { Source } from '../generated/prisma/client.js';
import type { WebhookTx } from '../platform/webhook-database.js';

/** A source's row. */
export interface SourceRow extends Omit<Source, 'tenantId' | 'sourceId' | 'provider'> {
  readonly tenantId: TenantId;
  readonly sourceId: WebhookSourceId;
  readonly provider: WebhookProvider;
}

/** What a new source's row is made from. */
export type NewSourceRow = Pick<
  SourceRow,
  'tenantId' | 'sourceId' | 'provider' | 'name' | 'secretVersion' | 'secretKeyId' | 'sealedSecret' | 'createdAt' | 'updatedAt'
>;

/** What changes after creation. */
export type SourceChange = Partial<Omit<SourceRow, 'tenantId' | 'sourceId' | 'provider' | 'version' | 'createdAt'>>;

/** How much came over a source. */
export interface SourceCounts {
  readonly sourceId: WebhookSourceId;
  readonly accepted: number;
  readonly duplicates: number;
  readonly lastReceivedAt: Date | null;
}

/** What is needed of a source to check a signature. Of a deleted one there is no secret. */
export interface SourceCredentials {
  readonly tenantId: TenantId;
  readonly sourceId: WebhookSourceId;
  readonly provider: WebhookProvider;
  readonly enabled: boolean;
  readonly deletedAt: Date | null;
  readonly secretVersion: number;
  readonly secretKeyId: string | null;
  readonly sealedSecret: Uint8Array | null;
  readonly previousSecretVersion: number | null;
  readonly previousSecretKeyId: string | null;
  readonly previousSealedSecret: Uint8Array | null;
  readonly previousSecretUntil: Date | null;
}

const findSource = `
  select tenant_id as "tenantId", source_id as "sourceId", provider, enabled, deleted_at as "deletedAt",
         secret_version as "secretVersion", secret_key_id as "secretKeyId", sealed_secret as "sealedSecret",
         previous_secret_version as "previousSecretVersion", previous_secret_key_id as "previousSecretKeyId",
         previous_sealed_secret as "previousSealedSecret", previous_secret_until as "previousSecretUntil"
  from sources where source_id = $1`;

// One transaction at a time makes sources of a tenant.
const lock = `select pg_advisory_xact_lock(hashtextextended($1, 0))`;

const counts = `
  select s.source_id as "sourceId", coalesce(c.accepted, 0)::int as accepted, coalesce(c.duplicates, 0)::int as duplicates,
         (select max(l.received_at) from inbound l where l.tenant_id = s.tenant_id and l.source_id = s.source_id) as "lastReceivedAt"
  from sources s left join (
    select source_id, count(*) as accepted, sum(duplicates) as duplicates
    from inbound where tenant_id = $1 and received_at >= $2 group by source_id
  ) c on c.source_id = s.source_id
  where s.tenant_id = $1 and s.deleted_at is null`;

/** Sources in the database. Deleted ones are there for `findCredentials` only. */
@Injectable()
export class SourcesRepository {
  /** Over all tenants, the deleted included: in plain SQL because every sender waits for it. */
  async findCredentials(tx: Tx, sourceId: WebhookSourceId): Promise<SourceCredentials | undefined> {
    const [row] = await tx.query<SourceCredentials>(findSource, [sourceId], 'find-webhook-source');
    return row;
  }

  /** Keeps other transactions from making sources of the tenant until this one is over. */
  async lock(tx: WebhookTx, tenantId: TenantId): Promise<void> {
    await tx.query(lock, [`webhook-sources ${tenantId}`]);
  }

  count(tx: WebhookTx, tenantId: TenantId): Promise<number> {
    return tx.prisma.source.count({ where: { tenantId, deletedAt: null } });
  }

  async insert(tx: WebhookTx, row: NewSourceRow): Promise<SourceRow> {
    return toRow(await tx.prisma.source.create({ data: row }));
  }

  /** Newest first: ids sort by creation time. */
  async list(
    tx: WebhookTx,
    tenantId: TenantId,
    asked: { provider?: WebhookProvider | undefined; before?: WebhookSourceId | undefined; limit: number },
  ): Promise<SourceRow[]> {
    const { provider, before, limit } = asked;
    const rows = await tx.prisma.source.findMany({
      where: {
        tenantId,
        deletedAt: null,
        ...(provider === undefined ? {} : { provider }),
        ...(before === undefined ? {} : { sourceId: { lt: before } }),
      },
      orderBy: { sourceId: 'desc' },
      take: limit,
    });
    return rows.map(toRow);
  }

  /** The source, held until the transaction is over so that two changes come one after the other. */
  async hold(tx: WebhookTx, tenantId: TenantId, sourceId: WebhookSourceId): Promise<SourceRow | undefined> {
    await tx.query('select 1 from sources where tenant_id = $1 and source_id = $2 for no key update', [tenantId, sourceId]);
    const row = await tx.prisma.source.findFirst({ where: { tenantId, sourceId, deletedAt: null } });
    return row === null ? undefined : toRow(row);
  }

  async update(tx: WebhookTx, { tenantId, sourceId }: SourceRow, change: SourceChange): Promise<SourceRow> {
    const where = { tenantId_sourceId: { tenantId, sourceId } };
    return toRow(await tx.prisma.source.update({ where, data: { ...change, version: { increment: 1 } } }));
  }

  /** What came since then, by source. */
  counts(tx: WebhookTx, tenantId: TenantId, since: Date): Promise<SourceCounts[]> {
    return tx.query<SourceCounts>(counts, [tenantId, since]);
  }

  /** Removes the tenant's sources, and what came over them with them. */
  async removeAll(tx: WebhookTx, tenantId: TenantId): Promise<void> {
    await tx.prisma.source.deleteMany({ where: { tenantId } });
  }
}

/** Columns of free text that only this service writes, from values of these types. */
function toRow(row: Source): SourceRow {
  return row as SourceRow;
}
