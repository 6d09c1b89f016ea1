import { Injectable } from '@nestjs/common';
import type { AgentId, AuditType, EventId, RequestId, RunId, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import type { AuditLink, ChainHead } from './audit.rules.js';

/** Which links are wanted; what is left out filters nothing. Several types are several filters on one index. */
export interface AuditFilter {
  readonly types?: readonly AuditType[] | undefined;
  readonly agentId?: AgentId | undefined;
  readonly runId?: RunId | undefined;
  readonly principalId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** A page in the order of the chain, forwards or backwards, from a place on. */
export interface AuditPlace {
  readonly order: 'asc' | 'desc';
  readonly after?: number | undefined;
  /** The sequence after which nothing is wanted. */
  readonly upTo?: number | undefined;
  readonly limit: number;
}

/** The columns of a link in the order of the insert. */
interface LinkRow {
  readonly tenant_id: TenantId;
  readonly sequence: string | number;
  readonly event_id: EventId;
  readonly event_type: AuditType;
  readonly action: string;
  readonly resource: string;
  readonly outcome: string;
  readonly principal_type: string;
  readonly principal_id: string;
  readonly agent_id: AgentId | null;
  readonly run_id: RunId | null;
  readonly request_id: RequestId | null;
  readonly correlation_id: string;
  readonly details: string;
  readonly happened_at: Date;
  readonly previous_hash: string;
  readonly hash: string;
}

const columns = `tenant_id, sequence, event_id, event_type, action, resource, outcome, principal_type, principal_id,
  agent_id, run_id, request_id, correlation_id, details, happened_at, previous_hash, hash`;

const holdHeads = `select tenant_id, sequence, hash from audit_heads where tenant_id = any ($1) order by tenant_id for update`;
const beginHeads = `insert into audit_heads (tenant_id, sequence, hash) select id, 0, $2 from unnest($1::text[]) as t (id)
  order by id on conflict do nothing`;
const moveHeads = `update audit_heads set sequence = t.sequence, hash = t.hash
  from unnest($1::text[], $2::bigint[], $3::text[]) as t (tenant_id, sequence, hash) where audit_heads.tenant_id = t.tenant_id`;
const recordedEvents = `select e.tenant_id, e.event_id from unnest($1::text[], $2::text[]) as t (tenant_id, event_id)
  join audit_entries e on e.tenant_id = t.tenant_id and e.event_id = t.event_id`;
const insertLinks = `insert into audit_entries (${columns}) select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[],
  $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
  $15::timestamptz[], $16::text[], $17::text[])`;
// One statement, so one moment: the kept head, and the place of the last link there is.
const chainEnds = `select h.sequence, h.hash, e.sequence as last from (select $1::text as tenant_id) t
  left join audit_heads h using (tenant_id)
  left join lateral (select sequence from audit_entries where tenant_id = t.tenant_id order by sequence desc limit 1) e on true`;
// A link as one text: a verification reads hundreds of thousands, and each column costs as much as the hashing. A separator
// inside a field makes one part too many, which is no link that was ever written.
const packed = [
  ...['sequence', 'event_id', 'event_type', 'action', 'resource', 'outcome', 'principal_type', 'principal_id'],
  ...['agent_id', 'run_id', 'request_id'].map((id) => `case when ${id} is null then '' else '=' || ${id} end`),
  ...['correlation_id', "happened_at at time zone 'UTC'", 'previous_hash', 'hash', 'details'],
];
const separator = '\u001f';
const chainPart = `select concat(${packed.join(', chr(31), ')}) as link from audit_entries
  where tenant_id = $1 and sequence > $2 and sequence <= $3 order by sequence limit $4`;
const oneLink = `select ${columns} from audit_entries where tenant_id = $1 and event_id = $2`;

/** The chains in the database. */
@Injectable()
export class AuditRepository {
  /** The heads of these tenants' chains, held until the transaction ends; a chain that is not there yet begins. */
  async holdHeads(tx: Tx, tenantIds: readonly TenantId[]): Promise<Map<TenantId, ChainHead>> {
    const sorted = [...tenantIds].sort();
    const held = await this.#hold(tx, sorted);
    const missing = sorted.filter((tenantId) => !held.has(tenantId));
    if (missing.length === 0) return held;
    await tx.query(beginHeads, [missing, '0'.repeat(64)], 'audit-begin-heads');
    return this.#hold(tx, sorted);
  }

  async moveHeads(tx: Tx, heads: ReadonlyMap<TenantId, ChainHead>): Promise<void> {
    const values = [...heads.values()];
    await tx.query(
      moveHeads,
      [[...heads.keys()], values.map(({ sequence }) => sequence), values.map(({ hash }) => hash)],
      'audit-move-heads',
    );
  }

  /** Which of these events have a link already, as `<tenant> <event>`. */
  async recorded(tx: Tx, facts: readonly { tenantId: TenantId; eventId: EventId }[]): Promise<Set<string>> {
    const rows = await tx.query<{ tenant_id: string; event_id: string }>(
      recordedEvents,
      [facts.map(({ tenantId }) => tenantId), facts.map(({ eventId }) => eventId)],
      'audit-recorded',
    );
    return new Set(rows.map((row) => `${row.tenant_id} ${row.event_id}`));
  }

  async insert(tx: Tx, links: readonly AuditLink[]): Promise<void> {
    const rows = links.map(toRow);
    const column = <K extends keyof LinkRow>(name: K) => rows.map((row) => row[name]);
    await tx.query(
      insertLinks,
      columns.split(/,\s*/).map((name) => column(name as keyof LinkRow)),
      'audit-insert',
    );
  }

  /** Where the chain is kept to end, and the sequence of the last link there is. */
  async ends(tx: Tx, tenantId: TenantId): Promise<{ kept: ChainHead | undefined; last: number }> {
    const [row] = await tx.query<{ sequence: string | null; hash: string | null; last: string | null }>(chainEnds, [tenantId]);
    const { sequence = null, hash = null, last = null } = row ?? {};
    return { kept: sequence === null || hash === null ? undefined : { sequence: Number(sequence), hash }, last: Number(last) };
  }

  /** Links after one sequence and up to another, in order. */
  async part(tx: Tx, tenantId: TenantId, bounds: { after: number; upTo: number; limit: number }): Promise<AuditLink[]> {
    const values = [tenantId, bounds.after, bounds.upTo, bounds.limit];
    const rows = await tx.query<{ link: string }>(chainPart, values, 'audit-part');
    return rows.map(({ link }) => unpacked(tenantId, link));
  }

  async find(tx: Tx, tenantId: TenantId, eventId: EventId): Promise<AuditLink | undefined> {
    const [row] = await tx.query<LinkRow>(oneLink, [tenantId, eventId], 'audit-find');
    return row === undefined ? undefined : toLink(row);
  }

  async list(tx: Tx, tenantId: TenantId, filter: AuditFilter, place: AuditPlace): Promise<AuditLink[]> {
    const { text, values } = listStatement(tenantId, filter, place);
    const rows = await tx.query<LinkRow>(text, values);
    return rows.map(toLink);
  }

  async #hold(tx: Tx, tenantIds: readonly TenantId[]): Promise<Map<TenantId, ChainHead>> {
    const rows = await tx.query<{ tenant_id: TenantId; sequence: string; hash: string }>(
      holdHeads,
      [tenantIds],
      'audit-hold-heads',
    );
    return new Map(rows.map((row) => [row.tenant_id, { sequence: Number(row.sequence), hash: row.hash }]));
  }
}

/**
 * The statement of a list. Each filter has an index that ends with the sequence, so a page costs what it shows; of
 * several types each one's page is taken from the index and the pages are merged.
 */
export function listStatement(
  tenantId: TenantId,
  filter: AuditFilter,
  { order, after, upTo, limit }: AuditPlace,
): { text: string; values: unknown[] } {
  const values: unknown[] = [tenantId];
  const bound = (value: unknown) => `$${values.push(value)}`;
  const conditions = ['tenant_id = $1'];
  const add = (value: unknown, condition: (parameter: string) => string) => {
    if (value !== undefined) conditions.push(condition(bound(value)));
  };
  add(filter.agentId, (p) => `agent_id = ${p}`);
  add(filter.runId, (p) => `run_id = ${p}`);
  add(filter.principalId, (p) => `principal_id = ${p}`);
  add(filter.from, (p) => `happened_at >= ${p}`);
  add(filter.to, (p) => `happened_at < ${p}`);
  add(after, (p) => `sequence ${order === 'asc' ? '>' : '<'} ${p}`);
  add(upTo, (p) => `sequence <= ${p}`);
  const tail = `order by sequence ${order} limit ${bound(limit)}`;
  const one = (more: string) => `select ${columns} from audit_entries where ${[...conditions, more].join(' and ')} ${tail}`;
  if (filter.types === undefined) return { text: one('true'), values };
  const types = bound(filter.types);
  const text = `select e.* from unnest(${types}::text[]) as t (type) cross join lateral (${one('event_type = t.type')}) e ${tail}`;
  return { text, values };
}

function unpacked(tenantId: TenantId, link: string): AuditLink {
  const parts = link.split(separator);
  const at = (index: number) => parts[index] ?? '';
  const idAt = (index: number) => (at(index) === '' ? null : at(index).slice(1));
  return {
    tenantId,
    sequence: Number(at(0)),
    eventId: at(1) as EventId,
    eventType: at(2) as AuditType,
    action: at(3),
    resource: at(4),
    outcome: at(5),
    principalType: at(6),
    principalId: at(7),
    agentId: idAt(8) as AgentId | null,
    runId: idAt(9) as RunId | null,
    requestId: idAt(10) as RequestId | null,
    correlationId: at(11),
    time: isoTime(at(12)),
    previousHash: at(13),
    // A hash that no text has, where the parts are not those of a link.
    hash: parts.length === packed.length ? at(14) : '',
    details: at(15),
  };
}

/** From `2026-11-22 12:00:00.12`, which is much faster than by way of a Date. */
function isoTime(text: string): string {
  const seconds = `${text.slice(0, 10)}T${text.slice(11, 19)}`;
  return `${seconds}.${text.slice(20).padEnd(3, '0')}Z`;
}

function toRow(link: AuditLink): LinkRow {
  return {
    tenant_id: link.tenantId,
    sequence: link.sequence,
    event_id: link.eventId,
    event_type: link.eventType,
    action: link.action,
    resource: link.resource,
    outcome: link.outcome,
    principal_type: link.principalType,
    principal_id: link.principalId,
    agent_id: link.agentId,
    run_id: link.runId,
    request_id: link.requestId,
    correlation_id: link.correlationId,
    details: link.details,
    happened_at: new Date(link.time),
    previous_hash: link.previousHash,
    hash: link.hash,
  };
}

function toLink(row: LinkRow): AuditLink {
  return {
    tenantId: row.tenant_id,
    sequence: Number(row.sequence),
    eventId: row.event_id,
    eventType: row.event_type,
    action: row.action,
    resource: row.resource,
    outcome: row.outcome,
    principalType: row.principal_type,
    principalId: row.principal_id,
    agentId: row.agent_id,
    runId: row.run_id,
    requestId: row.request_id,
    correlationId: row.correlation_id,
    details: row.details,
    time: row.happened_at.toISOString(),
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}
