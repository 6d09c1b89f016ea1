import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { InboundEventId, WebhookSourceId } from '@support101/contracts/webhook-gateway';
import type { Tx } from '@support101/database';

/** A delivery's row. */
export interface NewInbound {
  readonly tenantId: TenantId;
  readonly inboundId: InboundEventId;
  readonly sourceId: WebhookSourceId;
  readonly type: string;
  readonly deliveryId: string | null;
  readonly digest: Uint8Array;
  readonly externalId: string | null;
  readonly body: Uint8Array;
  readonly receivedAt: Date;
}

// Waits for a transaction that is writing the same delivery, and then does nothing.
const insert = `
  insert into inbound (tenant_id, inbound_id, source_id, type, delivery_id, digest, external_id, body, received_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing returning inbound_id`;

const countDuplicate = `
  update inbound set duplicates = duplicates + 1
  where tenant_id = $1 and source_id = $2 and (delivery_id = $3 or digest = $4)
  returning inbound_id as "inboundId", duplicates`;

// Small transactions: on embedded Postgres everything else waits for each of them.
const removeOld = `
  delete from inbound where ctid = any (array(select ctid from inbound where received_at < $1 limit 500)) returning 1`;

/** Deliveries in the database, in plain SQL because every sender waits for it. */
@Injectable()
export class InboundRepository {
  /** Writes the delivery, unless it is there already. */
  async insert(tx: Tx, row: NewInbound): Promise<boolean> {
    const { tenantId, inboundId, sourceId, type, deliveryId, digest, externalId, body, receivedAt } = row;
    const values = [tenantId, inboundId, sourceId, type, deliveryId, bytes(digest), externalId, bytes(body), receivedAt];
    return (await tx.query(insert, values, 'insert-inbound')).length === 1;
  }

  /** Counts one more of a delivery that is there; its id, and how many there are now. */
  async countDuplicate(
    tx: Tx,
    { tenantId, sourceId, deliveryId, digest }: Pick<NewInbound, 'tenantId' | 'sourceId' | 'deliveryId' | 'digest'>,
  ): Promise<{ inboundId: InboundEventId; duplicates: number } | undefined> {
    const values = [tenantId, sourceId, deliveryId, bytes(digest)];
    const [row] = await tx.query<{ inboundId: InboundEventId; duplicates: number }>(
      countDuplicate,
      values,
      'count-inbound-duplicate',
    );
    return row;
  }

  /** Deletes some of the rows that are older; how many. */
  async removeOld(tx: Tx, before: Date): Promise<number> {
    return (await tx.query(removeOld, [before], 'remove-old-inbound')).length;
  }
}

/** The driver takes a Buffer for bytea; another Uint8Array it would write as JSON. */
function bytes(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
