import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError } from '@support101/contracts';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/learning';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import { type Delivery, Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, newId, pageOf, ServiceDatabase } from '@support101/service-kit';
import { GraphService } from '../graph/graph.service.js';
import { forgetTenant } from '../platform/deleted-tenants.js';
import { type PlaybookRow, PlaybooksRepository } from './playbooks.repository.js';
import { draftOf, fewestSamples, fingerprintText, successRate } from './playbooks.rules.js';

/** Drafts of what resolved cases of a category. */
@Injectable()
export class PlaybooksService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly playbooks: PlaybooksRepository,
    private readonly graph: GraphService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async extract(input: InputOf<typeof contract.extractPlaybook>, caller: TenantCaller): Promise<contract.Playbook> {
    const { category } = input;
    const draft = draftOf(await this.graph.history(category, caller));
    return this.database.once(contract.extractPlaybook, input, caller, async (tx) => {
      if (draft === undefined) {
        const detail = `At least ${fewestSamples} distinct cases of this category must have been resolved by the same steps.`;
        throw new DomainError('playbook_samples_missing', detail);
      }
      const fingerprint = createHash('sha256').update(fingerprintText(category, draft)).digest('hex');
      const now = this.clock.now();
      const row = await this.playbooks.save(tx, { ...draft, playbookId: newId('pbk'), fingerprint, category, now });
      const { playbookId, blueprint, successCount, failureCount } = row;
      const fact = { playbookId, category, blueprint, successCount, failureCount };
      await this.outbox.record(tx, contract.playbookDrafted, fact, caller);
      return toPlaybook(row);
    });
  }

  async get({ playbookId }: InputOf<typeof contract.getPlaybook>, { tenantId }: TenantCaller): Promise<contract.Playbook> {
    const row = await this.database.forTenant(tenantId, (tx) => this.playbooks.find(tx, playbookId));
    if (row === undefined) throw new DomainError('playbook_not_found');
    return toPlaybook(row);
  }

  async list(
    { cursor, limit, category }: InputOf<typeof contract.listPlaybooks>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listPlaybooks>> {
    const before = keyOfCursor(contract.PlaybookId, cursor);
    const rows = await this.database.forTenant(tenantId, (tx) => this.playbooks.list(tx, { before, category }, limit + 1));
    return pageOf(rows, limit, ({ playbookId }) => playbookId, toPlaybook);
  }

  /** Forgets the playbooks of a deleted tenant. */
  forget(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return forgetTenant(this.database, delivery, (tx) => this.playbooks.deleteAll(tx));
  }
}

function toPlaybook({ createdAt, updatedAt, ...row }: PlaybookRow): contract.Playbook {
  return { ...row, successRate: successRate(row), createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
