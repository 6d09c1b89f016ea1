import {
  AgentId,
  type AuditType,
  decodeCursor,
  DomainError,
  type EventEnvelope,
  type EventId,
  RequestId,
  RunId,
  type TenantId,
} from '@support101/contracts';

/** SHA-256 of a text, in hex. */
export type Hash = (text: string) => string;

/** What happened, before it has a place in the chain. Times are ISO texts with milliseconds, `details` is JSON text. */
export interface AuditFact {
  readonly tenantId: TenantId;
  readonly eventId: EventId;
  readonly eventType: AuditType;
  readonly action: string;
  readonly resource: string;
  readonly outcome: string;
  readonly principalType: string;
  readonly principalId: string;
  readonly agentId: AgentId | null;
  readonly runId: RunId | null;
  readonly requestId: RequestId | null;
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
 * The text whose SHA-256 is a link's hash: a JSON array of fixed order, so that no field can slide into another, and
 * behind its end the details as they are. The version at its beginning lets a later form stand beside this one.
 */
function hashedText(fact: AuditFact, sequence: number, previousHash: string): string {
  const fields = JSON.stringify([
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
  ]);
  return fields + fact.details;
}

/** The links that append `facts` to a chain, in order. */
export function append(head: ChainHead, facts: readonly AuditFact[], hash: Hash): AuditLink[] {
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
export function follow(head: ChainHead, links: readonly AuditLink[], hash: Hash): { head: ChainHead } | { fault: ChainFault } {
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

/** Whether the chain ends where it is kept to end: a tail that was cut off, or put on, is found here. */
export function endsAt(found: ChainHead, kept: ChainHead): ChainFault | undefined {
  if (found.sequence === kept.sequence && found.hash === kept.hash) return undefined;
  return { sequence: Math.min(found.sequence, kept.sequence) + 1, problem: 'head_mismatch' };
}

/** Longest `details` in UTF-16 units. What is longer is cut down: an audit says what was done, not everything that was read. */
export const longestDetails = 32_768;
const longestField = 500;
const deepest = 30;

/** The audit's view of an event. */
export function factOf(event: EventEnvelope, eventType: AuditType, hash: Hash): AuditFact {
  const subjectId = event.subject.slice(event.subject.indexOf(':') + 1);
  const { data } = event;
  return {
    tenantId: event.tenantid,
    eventId: event.id,
    eventType,
    action: storable(event.type.replace(/\.v\d+$/, '')),
    resource: storable(event.subject),
    outcome: storable(event.outcome),
    principalType: storable(event.principaltype),
    principalId: storable(event.principalid),
    agentId: idIn(AgentId, data['agentId'], subjectId),
    runId: idIn(RunId, data['runId'], subjectId),
    requestId: idIn(RequestId, data['requestId'], subjectId),
    correlationId: storable(event.correlationid),
    details: detailsOf(data, hash),
    time: new Date(event.time).toISOString(),
  };
}

/**
 * The data as JSON text that can be stored and shown again: without what Postgres cannot hold, without credentials
 * (events carry none; this is the second lock), and cut down when it is long.
 */
export function detailsOf(data: Readonly<Record<string, unknown>>, hash: Hash): string {
  const full = JSON.stringify(cleaned(data, deepest));
  if (full.length <= longestDetails) return full;
  const short = Object.entries(data).filter((entry) => JSON.stringify(entry).length <= longestField);
  const kept = cleaned(Object.fromEntries(short.slice(0, 40)), deepest) as Record<string, unknown>;
  return JSON.stringify({ ...kept, omitted: { bytes: utf8Length(full), sha256: hash(full) } });
}

const secretName = /^(authorization|password|secret|secretHash|apiKey|api_key|token|accessToken|refreshToken|privateKey)$/i;
/** Keys of tenants, the platform’s key, secrets of webhooks. */
const secretText = /(?:s101_[0-9A-Za-z]+|s101platform|whsec)_[0-9A-Za-z_+/-]{16,}=*/g;
const removed = '[removed]';

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return storable(value.replaceAll(secretText, removed));
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => cleaned(item, depth - 1));
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.fromEntries(
    entries.map(([key, item]) => [storable(key), secretName.test(key) ? removed : cleaned(item, depth - 1)]),
  );
}

// oxlint-disable-next-line no-control-regex -- these are what it is about
const unstorable = /[\u0000\u001f]/g;

/** The text with what Postgres or a link cannot hold replaced: NUL, the separator of a link's fields, halves of surrogate pairs. */
export function storable(text: string): string {
  return text.replaceAll(unstorable, '\uFFFD').toWellFormed();
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The id that the data name, else what the event is about, if it is an id of that kind. */
function idIn<T>(schema: { safeParse(value: unknown): { data?: T | undefined } }, named: unknown, subjectId: unknown): T | null {
  return schema.safeParse(named).data ?? schema.safeParse(subjectId).data ?? null;
}

/** The types that concern people’s part in the work. */
export const humanTypes: readonly AuditType[] = [
  'human_feedback_requested',
  'human_feedback_provided',
  'human_approval_granted',
  'human_approval_denied',
];

/** Refusals and violations. */
const denialTypes: readonly AuditType[] = ['security_violation', 'rate_limit_exceeded'];

/** The types that concern rights and attacks. */
export const securityTypes: readonly AuditType[] = [
  ...denialTypes,
  'permission_granted',
  'permission_revoked',
  'role_assigned',
  'role_revoked',
  'api_key_created',
  'api_key_revoked',
];

/** The sequence after which a page begins; throws `cursor_invalid`. */
export function placeOf(cursor: string | undefined): number | undefined {
  return cursor === undefined ? undefined : sequencesIn(cursor, 1)[0];
}

/** After which sequence the next part of an export begins, and with which the export ends; throws `cursor_invalid`. */
export function exportPlaceOf(cursor: string | undefined): { after: number; upTo: number } | undefined {
  if (cursor === undefined) return undefined;
  const [after = 0, upTo = 0] = sequencesIn(cursor, 2);
  return { after, upTo };
}

function sequencesIn(cursor: string, count: number): number[] {
  const sequences = decodeCursor(cursor, count)?.map((part) => (Number.isSafeInteger(part) ? Number(part) : 0)) ?? [0];
  if (sequences.some((sequence) => sequence < 1)) throw new DomainError('cursor_invalid');
  return sequences;
}
