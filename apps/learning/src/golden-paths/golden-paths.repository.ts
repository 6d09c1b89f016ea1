import { Injectable } from '@nestjs/common';
import type { RequestId, RunId, TenantId } from '@support101/contracts';
import type { PathId } from '@support101/contracts/learning';
import type { Tx } from '@support101/database';
import type { Counts } from './golden-paths.rules.js';

/** A golden path as it is kept. */
export interface PathRow extends Counts {
  readonly tenantId: TenantId;
  readonly pathId: PathId;
  readonly fingerprint: string;
  readonly blueprint: string;
  readonly question: string;
  readonly answer: string;
  readonly origin: 'approved' | 'corrected';
  readonly steps: string[];
  readonly evidence: string[];
  readonly runId: RunId;
  readonly requestId: RequestId | null;
  readonly decidedBy: string | null;
  readonly status: 'active' | 'retired';
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = `tenant_id as "tenantId", path_id as "pathId", fingerprint, blueprint, question, answer, origin, steps, evidence,
  run_id as "runId", request_id as "requestId", decided_by as "decidedBy", success_count as "successCount",
  failure_count as "failureCount", use_count as "useCount", status, created_at as "createdAt", updated_at as "updatedAt"`;

/** Golden paths in the database. */
@Injectable()
export class GoldenPathsRepository {
  async find(tx: Tx, pathId: PathId): Promise<PathRow | undefined> {
    const statement = `select ${columns} from golden_paths where tenant_id = $1 and path_id = $2`;
    const [row] = await tx.query<PathRow>(statement, [tx.tenantId, pathId], 'path-find');
    return row;
  }

  /** Like `find`, and nobody else changes the path until the transaction ends. */
  async hold(tx: Tx, pathId: PathId): Promise<PathRow | undefined> {
    const statement = `select ${columns} from golden_paths where tenant_id = $1 and path_id = $2 for update`;
    const [row] = await tx.query<PathRow>(statement, [tx.tenantId, pathId], 'path-hold');
    return row;
  }

  /** The path of the same question, held. */
  async holdSame(tx: Tx, fingerprint: string): Promise<PathRow | undefined> {
    const statement = `select ${columns} from golden_paths where tenant_id = $1 and fingerprint = $2 for update`;
    const [row] = await tx.query<PathRow>(statement, [tx.tenantId, fingerprint], 'path-hold-same');
    return row;
  }

  findAll(tx: Tx, pathIds: readonly PathId[]): Promise<PathRow[]> {
    const statement = `select ${columns} from golden_paths where tenant_id = $1 and path_id = any ($2)`;
    return tx.query<PathRow>(statement, [tx.tenantId, pathIds], 'path-find-all');
  }

  /** Newest first: ids sort by creation time. */
  list(tx: Tx, filter: { before: PathId | undefined; minSuccessRate: number }, limit: number): Promise<PathRow[]> {
    return tx.query<PathRow>(
      `select ${columns} from golden_paths where tenant_id = $1 and ($2::text is null or path_id < $2)
         and success_count >= $3::float8 * (success_count + failure_count)
       order by path_id desc limit $4`,
      [tx.tenantId, filter.before ?? null, filter.minSuccessRate, limit],
      'path-list',
    );
  }

  /** Writes the path, new or changed. */
  async save(tx: Tx, row: PathRow): Promise<void> {
    await tx.query(
      `insert into golden_paths (tenant_id, path_id, fingerprint, blueprint, question, answer, origin, steps, evidence, run_id,
         request_id, decided_by, success_count, failure_count, use_count, status, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
       on conflict (tenant_id, path_id) do update set answer = excluded.answer, origin = excluded.origin, steps = excluded.steps,
         evidence = excluded.evidence, run_id = excluded.run_id, request_id = excluded.request_id, decided_by = excluded.decided_by,
         success_count = excluded.success_count, failure_count = excluded.failure_count, use_count = excluded.use_count,
         status = excluded.status, updated_at = excluded.updated_at`,
      [
        tx.tenantId,
        row.pathId,
        row.fingerprint,
        row.blueprint,
        row.question,
        row.answer,
        row.origin,
        row.steps,
        row.evidence,
        row.runId,
        row.requestId,
        row.decidedBy,
        row.successCount,
        row.failureCount,
        row.useCount,
        row.status,
        row.createdAt,
        row.updatedAt,
      ],
      'path-save',
    );
  }

  async delete(tx: Tx, pathId: PathId): Promise<void> {
    await tx.query('delete from golden_paths where tenant_id = $1 and path_id = $2', [tx.tenantId, pathId], 'path-delete');
  }

  /** Deletes all paths of the transaction’s tenant; their texts are deleted with its articles. */
  async deleteAll(tx: Tx): Promise<void> {
    await tx.query('delete from golden_paths where tenant_id = $1', [tx.tenantId], 'path-delete-all');
  }
}
