import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError, type InputOf, type OutputOf, type TenantCaller, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { Database, type Tx } from '@support101/database';
import { pageOf } from '@support101/service-kit';
import { type AuditFilter, type AuditPlace, AuditRepository } from './audit.repository.js';
import * as rules from './audit.rules.js';

export { type AuditFact, detailsOf, factOf, storable } from './audit.rules.js';

type Page = OutputOf<typeof contract.listAudit>;
type Verified = OutputOf<typeof contract.verifyAudit>;

/** Links read at once while verifying: few enough that the process answers others in between. */
const linksPerBatch = 1_000;

/** Links in one part of an export, unless they are large. */
const linksPerPart = 200;

/** SHA-256 in hex. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** The audit: chains of what happened, one per tenant. */
@Injectable()
export class AuditService {
  constructor(
    private readonly database: Database,
    private readonly links: AuditRepository,
  ) {}

  /**
   * Appends facts to their tenants' chains in the caller's transaction, which must be the system's. A fact whose event
   * has a link already is left out: the link is what remembers that an event was handled, for as long as there is an
   * audit. Gives the facts that were new, in order.
   */
  async append(tx: Tx, facts: readonly rules.AuditFact[]): Promise<rules.AuditFact[]> {
    // What is recorded is asked when the heads are held: nobody else adds to these chains from then on.
    const heads = await this.links.holdHeads(tx, [...new Set(facts.map(({ tenantId }) => tenantId))]);
    const recorded = await this.links.recorded(tx, facts);
    const added = facts.filter(({ tenantId, eventId }) => {
      const name = `${tenantId} ${eventId}`;
      if (recorded.has(name)) return false;
      return recorded.add(name);
    });
    if (added.length === 0) return added;
    const links: rules.AuditLink[] = [];
    const ends = new Map<TenantId, rules.ChainHead>();
    for (const [tenantId, own] of Map.groupBy(added, (fact) => fact.tenantId)) {
      const chain = rules.append(heads.get(tenantId) ?? rules.emptyChain, own, sha256);
      links.push(...chain);
      ends.set(tenantId, chain.at(-1) ?? rules.emptyChain);
    }
    await Promise.all([this.links.insert(tx, links), this.links.moveHeads(tx, ends)]);
    return added;
  }

  async get({ eventId }: InputOf<typeof contract.getAuditEntry>, { tenantId }: TenantCaller): Promise<contract.AuditEntry> {
    const link = await this.database.forTenant(tenantId, (tx) => this.links.find(tx, tenantId, eventId));
    if (link === undefined) throw new DomainError('audit_entry_not_found');
    return toEntry(link);
  }

  /** Newest first. */
  list(input: InputOf<typeof contract.listAudit>, caller: TenantCaller): Promise<Page> {
    return this.#page(filterOf(input), 'desc', input, caller);
  }

  /** A part of an export: oldest first, up to the link that was the last one when the first part was read. */
  async export({ cursor, ...filters }: InputOf<typeof contract.exportAudit>, { tenantId }: TenantCaller): Promise<Page> {
    const place = rules.exportPlaceOf(cursor);
    const { found, upTo } = await this.database.forTenant(tenantId, async (tx) => {
      const upTo = place?.upTo ?? (await this.links.ends(tx, tenantId)).last;
      const part = { order: 'asc', after: place?.after, upTo, limit: linksPerPart + 1 } as const;
      return { found: await this.links.list(tx, tenantId, filterOf(filters), part), upTo };
    });
    return pageOf(found, linksPerPart, ({ sequence }) => [sequence, upTo], toEntry);
  }

  ofAgent(input: InputOf<typeof contract.auditOfAgent>, caller: TenantCaller): Promise<Page> {
    return this.#page({ agentId: input.agentId }, 'desc', input, caller);
  }

  /** Oldest first: the trail of the run. */
  ofRun(input: InputOf<typeof contract.auditOfRun>, caller: TenantCaller): Promise<Page> {
    return this.#page({ runId: input.runId }, 'asc', input, caller);
  }

  ofHumans(input: InputOf<typeof contract.auditOfHumans>, caller: TenantCaller): Promise<Page> {
    return this.#page({ types: rules.humanTypes, ...periodOf(input) }, 'desc', input, caller);
  }

  ofSecurity(input: InputOf<typeof contract.auditOfSecurity>, caller: TenantCaller): Promise<Page> {
    return this.#page({ types: rules.securityTypes, ...periodOf(input) }, 'desc', input, caller);
  }

  /** The last links, newest first, in the caller's transaction. */
  latest(tx: Tx, tenantId: TenantId, limit: number): Promise<rules.AuditLink[]> {
    return this.links.list(tx, tenantId, {}, { order: 'desc', limit });
  }

  /**
   * Follows the chain from its beginning to where it ended when the check began: links never change, so what is added
   * meanwhile does not matter, and no transaction stays open over the whole. The next links are read while the ones
   * before are checked.
   */
  async verify({ tenantId }: TenantCaller, signal: AbortSignal): Promise<Verified> {
    const { kept = rules.emptyChain, last } = await this.database.forTenant(tenantId, (tx) => this.links.ends(tx, tenantId));
    const upTo = Math.max(kept.sequence, last);
    let head = rules.emptyChain;
    let checked = 0;
    let coming = this.#part(tenantId, head.sequence, upTo);
    for (;;) {
      const links = await coming;
      signal.throwIfAborted();
      const end = links.at(-1)?.sequence ?? upTo;
      coming = end < upTo ? this.#part(tenantId, end, upTo) : Promise.resolve([]);
      // Whoever leaves early has nobody who waits for what is being read.
      coming.catch(() => undefined);
      const followed = rules.follow(head, links, sha256);
      if ('fault' in followed) {
        const before = links.filter(({ sequence }) => sequence < followed.fault.sequence).length;
        return verdict(kept, checked + before, followed.fault);
      }
      head = followed.head;
      checked += links.length;
      if (end >= upTo) return verdict(kept, checked, rules.endsAt(head, kept));
    }
  }

  #part(tenantId: TenantId, after: number, upTo: number): Promise<rules.AuditLink[]> {
    return this.database.forTenant(tenantId, (tx) => this.links.part(tx, tenantId, { after, upTo, limit: linksPerBatch }));
  }

  async #page(
    filter: AuditFilter,
    order: AuditPlace['order'],
    { cursor, limit }: { cursor?: string | undefined; limit: number },
    { tenantId }: TenantCaller,
  ): Promise<Page> {
    const place = { order, after: rules.placeOf(cursor), limit: limit + 1 };
    const found = await this.database.forTenant(tenantId, (tx) => this.links.list(tx, tenantId, filter, place));
    return pageOf(found, limit, ({ sequence }) => sequence, toEntry);
  }
}

function verdict(kept: rules.ChainHead, checked: number, fault: rules.ChainFault | undefined): Verified {
  if (fault === undefined) return { valid: true, checked, head: kept.hash };
  return { valid: false, checked, firstBadSequence: fault.sequence, problem: fault.problem, head: kept.hash };
}

function filterOf(input: Omit<InputOf<typeof contract.exportAudit>, 'cursor'>): AuditFilter {
  const { eventType, agentId, runId, principalId } = input;
  const types = eventType === undefined ? undefined : [eventType];
  return { types, agentId, runId, principalId, ...periodOf(input) };
}

function periodOf({ from, to }: { from?: string | undefined; to?: string | undefined }): Pick<AuditFilter, 'from' | 'to'> {
  return { from: from === undefined ? undefined : new Date(from), to: to === undefined ? undefined : new Date(to) };
}

function toEntry({ principalType, principalId, details, ...link }: rules.AuditLink): contract.AuditEntry {
  const principal = { type: principalType, id: principalId };
  return { ...link, principal, details: JSON.parse(details) as Record<string, unknown> };
}
