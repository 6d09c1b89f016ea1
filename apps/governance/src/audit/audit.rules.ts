import type { AuditType, EventEnvelope, EventId, TenantId } from '@support101/contracts';

/** What happened, before it has a place in the chain. Times are ISO texts, `details` is JSON text. */
export interface AuditFact {
  readonly tenantId: TenantId;
  readonly eventId: EventId;
  readonly eventType: AuditType;
  readonly action: string;
  readonly resource: string;
  readonly outcome: string;
  readonly principalType: string;
  readonly principalId: string;
  readonly agentId: string | null;
  readonly runId: string | null;
  readonly requestId: string | null;
  readonly correlationId: string;
  readonly details: string;
  readonly time: string;
}

/** A link of the chain. */
export interface AuditLink extends AuditFact {
  readonly sequence: number;
  readonly previousHash: string;
  readonly hash: string;
}

/** The end of a chain: where the next link goes. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

/** What stands before the first link. */
export const emptyChain: ChainHead = { sequence: 0, hash: '0'.repeat(64) };

/**
 * The text whose SHA-256 is a link's hash: a JSON array of fixed order, so that no field can slide into another.
 * The version at its beginning lets a later form stand beside this one.
 */
export function hashedText(fact: AuditFact, sequence: number, previousHash: string): string {
  return JSON.stringify([
    'audit-v1',
    fact.tenantId,
    sequence,
    previousHash,
    fact.eventId,
    fact.eventType,
    fact.action,
    fact.resource,
    fact.outcome,
    fact.principalType,
    fact.principalId,
    fact.agentId,
    fact.runId,
    fact.requestId,
    fact.correlationId,
    fact.time,
    fact.details,
  ]);
}

/** The links that append `facts` to a chain, in order. `hash` is SHA-256 in hex. */
export function append(head: ChainHead, facts: readonly AuditFact[], hash: (text: string) => string): AuditLink[] {
  let { sequence, hash: previousHash } = head;
  return facts.map((fact) => {
    sequence += 1;
    const link = { ...fact, sequence, previousHash, hash: hash(hashedText(fact, sequence, previousHash)) };
    previousHash = link.hash;
    return link;
  });
}

/** What is wrong with a chain at `sequence`. */
export interface ChainFault {
  readonly sequence: number;
  readonly problem: 'altered' | 'gap' | 'head_mismatch';
}

/** Checks links that must follow `head`, in order; gives the head after them, or the first fault. */
export function follow(
  head: ChainHead,
  links: readonly AuditLink[],
  hash: (text: string) => string,
): { head: ChainHead } | { fault: ChainFault } {
  let { sequence, hash: previousHash } = head;
  for (const link of links) {
    if (link.sequence !== sequence + 1) return { fault: { sequence: sequence + 1, problem: 'gap' } };
    const intact = link.previousHash === previousHash && link.hash === hash(hashedText(link, link.sequence, previousHash));
    if (!intact) return { fault: { sequence: link.sequence, problem: 'altered' } };
    sequence = link.sequence;
    previousHash = link.hash;
  }
  return { head: { sequence, hash: previousHash } };
}

/** Whether the chain ends where it is kept to end: a tail that was cut off is found here. */
export function endsAt(found: ChainHead, kept: ChainHead): ChainFault | undefined {
  if (found.sequence === kept.sequence && found.hash === kept.hash) return undefined;
  return { sequence: Math.min(found.sequence, kept.sequence) + 1, problem: 'head_mismatch' };
}

/** The audit's view of an event. */
export function factOf(event: EventEnvelope, eventType: AuditType): AuditFact {
  const [kind, id] = splitResource(event.subject);
  const named = (field: string, prefix: string): string | null => {
    const value = event.data[field];
    if (typeof value === 'string' && value.startsWith(`${prefix}_`)) return value;
    return kind !== undefined && id?.startsWith(`${prefix}_`) === true ? id : null;
  };
  return {
    tenantId: event.tenantid,
    eventId: event.id,
    eventType,
    action: event.type.replace(/\.v\d+$/, ''),
    resource: event.subject,
    outcome: event.outcome,
    principalType: event.principaltype,
    principalId: event.principalid,
    agentId: named('agentId', 'agt'),
    runId: named('runId', 'run'),
    requestId: named('requestId', 'req'),
    correlationId: event.correlationid,
    details: JSON.stringify(event.data),
    time: event.time,
  };
}

function splitResource(resource: string): [string | undefined, string | undefined] {
  const [kind, id] = resource.split(':', 2);
  return [kind, id];
}

/** The types that concern people’s part in the work. */
export const humanTypes: readonly AuditType[] = [
  'human_feedback_requested',
  'human_feedback_provided',
  'human_approval_granted',
  'human_approval_denied',
];

/** The types that concern rights and attacks. */
export const securityTypes: readonly AuditType[] = [
  'security_violation',
  'rate_limit_exceeded',
  'permission_granted',
  'permission_revoked',
  'role_assigned',
  'role_revoked',
  'api_key_created',
  'api_key_revoked',
];
