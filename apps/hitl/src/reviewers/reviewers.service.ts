import { Injectable } from '@nestjs/common';
import { DomainError, type InputOf, type OutputOf, type TenantCaller, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, newId, pageOf, ServiceDatabase } from '@support101/service-kit';
import { checkVersion, edited } from '../platform/edits.js';
import { type ReviewerRow, ReviewersRepository } from './reviewers.repository.js';
import { checkMayHold, choose, distinct } from './reviewers.rules.js';

/** Reviewers: who there is, what they can, and who gets the next request. */
@Injectable()
export class ReviewersService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly reviewers: ReviewersRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  create(input: InputOf<typeof contract.createReviewer>, caller: TenantCaller): Promise<contract.Reviewer> {
    const { tenantId } = caller;
    const reviewerId = newId('rev');
    return this.database.once(contract.createReviewer, input, caller, async (tx) => {
      const { name, principalId = null, capacity, available } = input;
      await this.#reservePrincipal(tx, tenantId, principalId, undefined);
      const columns = { tenantId, reviewerId, name, principalId, capacity, available, skills: distinct(input.skills) };
      await this.reviewers.insert(tx, { ...columns, createdAt: this.clock.now() });
      await this.outbox.record(tx, contract.reviewerCreated, { reviewerId, name, available, capacity }, caller);
      return toReviewer(await this.require(tx, tenantId, reviewerId));
    });
  }

  async get(reviewerId: contract.ReviewerId, { tenantId }: TenantCaller): Promise<contract.Reviewer> {
    return toReviewer(await this.database.forTenant(tenantId, (tx) => this.require(tx, tenantId, reviewerId)));
  }

  list(
    { cursor, limit, available }: InputOf<typeof contract.listReviewers>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listReviewers>> {
    const before = keyOfCursor(contract.ReviewerId, cursor);
    return this.database.forTenant(tenantId, async (tx) => {
      const rows = await this.reviewers.list(tx, tenantId, { available, before }, limit + 1);
      return pageOf(rows, limit, ({ reviewerId }) => reviewerId, toReviewer);
    });
  }

  update(input: InputOf<typeof contract.updateReviewer>, caller: TenantCaller): Promise<contract.Reviewer> {
    const { tenantId } = caller;
    const { reviewerId, expectedVersion, skills } = input;
    const edit = { ...input, ...(skills === undefined ? {} : { skills: distinct(skills) }) };
    return this.database.forTenant(tenantId, async (tx) => {
      await this.reviewers.hold(tx, tenantId);
      const row = await this.require(tx, tenantId, reviewerId);
      checkVersion(row.version, expectedVersion);
      const { after, changed } = edited(row, edit, ['name', 'principalId', 'skills', 'capacity', 'available']);
      if (changed.length === 0) return toReviewer(row);
      await this.#reservePrincipal(tx, tenantId, after.principalId, reviewerId);
      await this.reviewers.save(tx, after, this.clock.now());
      const { name, available, capacity } = after;
      await this.outbox.record(tx, contract.reviewerUpdated, { reviewerId, name, available, capacity, changed }, caller);
      return toReviewer(await this.require(tx, tenantId, reviewerId));
    });
  }

  /** The reviewer's row, or `reviewer_not_found`. */
  async require(tx: Tx, tenantId: TenantId, reviewerId: contract.ReviewerId): Promise<ReviewerRow> {
    const row = await this.reviewers.find(tx, tenantId, reviewerId);
    if (row === undefined) throw new DomainError('reviewer_not_found');
    return row;
  }

  /** What a request that this principal holds is assigned to: the principal's reviewer, or the principal itself. */
  async assigneeOf(tx: Tx, tenantId: TenantId, principalId: string): Promise<string> {
    return (await this.reviewers.findByPrincipal(tx, tenantId, principalId))?.reviewerId ?? principalId;
  }

  /** Who gets a request that needs these skills. Until the transaction ends nobody else is given anything. */
  async next(tx: Tx, tenantId: TenantId, skills: readonly string[]): Promise<contract.ReviewerId | undefined> {
    await this.reviewers.hold(tx, tenantId);
    return choose(await this.reviewers.listWithRoom(tx, tenantId), skills)?.reviewerId;
  }

  /**
   * Notes that the reviewer was given a request in this transaction, or throws `reviewer_unavailable`. Takes its lock
   * after those on requests: all assignments do it in this order, so that none waits for another in a circle.
   */
  async given(tx: Tx, tenantId: TenantId, reviewerId: contract.ReviewerId): Promise<void> {
    await this.reviewers.hold(tx, tenantId);
    checkMayHold(await this.require(tx, tenantId, reviewerId));
    await this.reviewers.touch(tx, tenantId, reviewerId, this.clock.now());
  }

  async #reservePrincipal(
    tx: Tx,
    tenantId: TenantId,
    principalId: string | null,
    reviewerId: contract.ReviewerId | undefined,
  ): Promise<void> {
    if (principalId === null) return;
    await this.reviewers.hold(tx, tenantId);
    const other = await this.reviewers.findByPrincipal(tx, tenantId, principalId);
    if (other !== undefined && other.reviewerId !== reviewerId) throw new DomainError('reviewer_exists');
  }
}

/** A reviewer on the wire. */
export function toReviewer(row: ReviewerRow): contract.Reviewer {
  const { createdAt, updatedAt, skills } = row;
  return { ...row, skills: [...skills], createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
