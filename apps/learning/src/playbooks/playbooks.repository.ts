import { Injectable } from '@nestjs/common';
import type { RunId, TenantId } from '@support101/contracts';
import type { PlaybookId } from '@support101/contracts/learning';
import type { Tx } from '@support101/database';

/** A playbook as it is kept. */
export interface PlaybookRow {
  readonly tenantId: TenantId;
  readonly playbookId: PlaybookId;
  readonly category: string;
  readonly blueprint: string;
  readonly status: 'draft';
  readonly steps: string[];
  readonly successCount: number;
  readonly failureCount: number;
  readonly sources: RunId[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A draft to be kept. */
export interface NewDraft {
  readonly playbookId: PlaybookId;
  readonly fingerprint: string;
  readonly category: string;
  readonly blueprint: string;
  readonly steps: readonly string[];
  readonly successCount: number;
  readonly failureCount: number;
  readonly sources: readonly RunId[];
  readonly now: Date;
}

const columns = `tenant_id as "tenantId", playbook_id as "playbookId", category, blueprint, status, steps,
  success_count as "successCount", failure_count as "failureCount", sources, created_at as "createdAt", updated_at as "updatedAt"`;

/** Playbooks in the database. */
@Injectable()
export class PlaybooksRepository {
  /** Writes the draft, or brings the one of the same steps up to date. */
  async save(tx: Tx, draft: NewDraft): Promise<PlaybookRow> {
    const { playbookId, fingerprint, category, blueprint, steps, successCount, failureCount, sources, now } = draft;
    const [row] = await tx.query<PlaybookRow>(
      `insert into playbooks (tenant_id, playbook_id, fingerprint, category, blueprint, steps, success_count, failure_count, sources,
         created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
       on conflict (tenant_id, fingerprint) do update set success_count = excluded.success_count,
         failure_count = excluded.failure_count, sources = excluded.sources, updated_at = excluded.updated_at
       returning ${columns}`,
      [tx.tenantId, playbookId, fingerprint, category, blueprint, steps, successCount, failureCount, sources, now],
      'playbook-save',
    );
    if (row === undefined) throw new Error('an upsert gave no row');
    return row;
  }

  async find(tx: Tx, playbookId: PlaybookId): Promise<PlaybookRow | undefined> {
    const statement = `select ${columns} from playbooks where tenant_id = $1 and playbook_id = $2`;
    const [row] = await tx.query<PlaybookRow>(statement, [tx.tenantId, playbookId], 'playbook-find');
    return row;
  }

  /** Newest first: ids sort by creation time. */
  list(tx: Tx, filter: { before: PlaybookId | undefined; category: string | undefined }, limit: number): Promise<PlaybookRow[]> {
    return tx.query<PlaybookRow>(
      `select ${columns} from playbooks
       where tenant_id = $1 and ($2::text is null or playbook_id < $2) and ($3::text is null or category = $3)
       order by playbook_id desc limit $4`,
      [tx.tenantId, filter.before ?? null, filter.category ?? null, limit],
      'playbook-list',
    );
  }

  /** Deletes all playbooks of the transaction’s tenant. */
  async deleteAll(tx: Tx): Promise<void> {
    await tx.query('delete from playbooks where tenant_id = $1', [tx.tenantId], 'playbook-delete-all');
  }
}
