import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { ReviewerId } from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';

/** A reviewer’s row, with how many open requests are assigned to the reviewer now. */
export interface ReviewerRow {
  readonly tenantId: TenantId;
  readonly reviewerId: ReviewerId;
  readonly name: string;
  readonly principalId: string | null;
  readonly skills: readonly string[];
  readonly capacity: number;
  readonly available: boolean;
  readonly lastAssignedAt: Date | null;
  readonly openAssignments: number;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a new reviewer’s row is made from. */
export type NewReviewer = Omit<ReviewerRow, 'lastAssignedAt' | 'openAssignments' | 'version' | 'updatedAt'>;

const select = `select tenant_id as "tenantId", reviewer_id as "reviewerId", name, principal_id as "principalId", skills, capacity,
  available, last_assigned_at as "lastAssignedAt", version, created_at as "createdAt", updated_at as "updatedAt",
  (select count(*)::int from requests q where q.tenant_id = r.tenant_id and q.assigned_to = r.reviewer_id
    and q.status = 'assigned') as "openAssignments"
  from reviewers r where tenant_id = $1`;

/** Reviewers in the database. */
@Injectable()
export class ReviewersRepository {
  /** Nobody else gives requests to reviewers of this tenant, or principals to reviewers, until the transaction ends. */
  async hold(tx: Tx, tenantId: TenantId): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('reviewers ' || $1, 0))`, [tenantId], 'reviewers-hold');
  }

  async find(tx: Tx, tenantId: TenantId, reviewerId: ReviewerId): Promise<ReviewerRow | undefined> {
    const [row] = await tx.query<ReviewerRow>(`${select} and reviewer_id = $2`, [tenantId, reviewerId], 'reviewers-find');
    return row;
  }

  async findByPrincipal(tx: Tx, tenantId: TenantId, principalId: string): Promise<ReviewerRow | undefined> {
    const values = [tenantId, principalId];
    const [row] = await tx.query<ReviewerRow>(`${select} and principal_id = $2`, values, 'reviewers-of-principal');
    return row;
  }

  /** Newest first: ids sort by creation time. */
  async list(
    tx: Tx,
    tenantId: TenantId,
    filter: { available?: boolean | undefined; before?: ReviewerId | undefined },
    limit: number,
  ): Promise<ReviewerRow[]> {
    return tx.query<ReviewerRow>(
      `${select} and ($2::boolean is null or available = $2) and ($3::text is null or reviewer_id < $3)
       order by reviewer_id desc limit $4`,
      [tenantId, filter.available ?? null, filter.before ?? null, limit],
    );
  }

  /** Those who could take a request now. */
  async listWithRoom(tx: Tx, tenantId: TenantId): Promise<ReviewerRow[]> {
    const text = `select * from (${select} and available) reviewer where "openAssignments" < capacity order by "reviewerId"`;
    return tx.query<ReviewerRow>(text, [tenantId], 'reviewers-with-room');
  }

  async insert(tx: Tx, reviewer: NewReviewer): Promise<void> {
    const { tenantId, reviewerId, name, principalId, skills, capacity, available, createdAt } = reviewer;
    await tx.query(
      `insert into reviewers (tenant_id, reviewer_id, name, principal_id, skills, capacity, available, version, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)`,
      [tenantId, reviewerId, name, principalId, skills, capacity, available, createdAt],
    );
  }

  /** Writes the reviewer as its next version. */
  async save(tx: Tx, reviewer: ReviewerRow, at: Date): Promise<void> {
    const { tenantId, reviewerId, name, principalId, skills, capacity, available } = reviewer;
    await tx.query(
      `update reviewers set name = $3, principal_id = $4, skills = $5, capacity = $6, available = $7, updated_at = $8,
       version = version + 1 where tenant_id = $1 and reviewer_id = $2`,
      [tenantId, reviewerId, name, principalId, skills, capacity, available, at],
    );
  }

  async touch(tx: Tx, tenantId: TenantId, reviewerId: ReviewerId, at: Date): Promise<void> {
    const text = 'update reviewers set last_assigned_at = $3 where tenant_id = $1 and reviewer_id = $2';
    await tx.query(text, [tenantId, reviewerId, at], 'reviewers-touch');
  }
}
