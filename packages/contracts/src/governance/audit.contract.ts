import { z } from 'zod';
import { auditTypes } from '../kernel/audit.js';
import { rpc } from '../kernel/contract.js';
import { AgentId, EventId, RequestId, RunId, TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { FreeObject, text, Timestamp } from '../kernel/text.js';

const read = { resource: 'governance:audit', level: 'read' } as const;

/** What an entry can be about. */
export const AuditEventType = z.enum(auditTypes);

/** One entry of a tenant’s audit: who did what to what, when, with which outcome, and its place in the chain. */
export const AuditEntry = z
  .object({
    eventId: EventId,
    tenantId: TenantId,
    /** Dense per tenant, from 1. */
    sequence: z.number().int(),
    eventType: AuditEventType,
    /** The action, as the event’s type without its version, for example `hitl.requests.decided`. */
    action: z.string(),
    /** `<kind>:<id>` of what it was done to. */
    resource: z.string(),
    outcome: z.string(),
    principal: z.object({ type: z.string(), id: z.string() }),
    agentId: AgentId.nullable(),
    runId: RunId.nullable(),
    requestId: RequestId.nullable(),
    correlationId: z.string(),
    /** What the event said. Long ones are cut down to their short fields and `omitted: { bytes, sha256 }`. */
    details: FreeObject,
    /** When it happened. */
    time: Timestamp,
    /** SHA-256, hex, over the entry and the hash before it. */
    hash: z.string(),
    previousHash: z.string(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof AuditEntry>;

// Pages of all lists end early where their entries are large.
const period = { from: Timestamp.optional(), to: Timestamp.optional() };
const filters = {
  eventType: AuditEventType.optional(),
  agentId: AgentId.optional(),
  runId: RunId.optional(),
  principalId: text(200).optional(),
  ...period,
};

/** Lists the audit, newest first: as it was recorded, so entries of one moment may be in another order. */
export const listAudit = rpc('governance.audit.list.v1', {
  summary: 'List the audit, newest first',
  access: read,
  http: { method: 'GET', path: '/v1/governance/audit' },
  input: z.object({ ...pageQuery, ...filters }),
  output: page(AuditEntry),
  errors: ['cursor_invalid'],
});

/**
 * The audit as one file, in the order of the chain: without filters it holds every link, so the chain can be checked from
 * it. It ends with the entry that was the newest when the export began, or before it where `to` says so.
 */
export const exportAudit = rpc('governance.audit.export.v1', {
  summary: 'Export the audit as it is when the export begins, oldest first',
  access: read,
  http: { method: 'GET', path: '/v1/governance/audit/export', export: { name: 'audit' } },
  input: z.object({ cursor: pageQuery.cursor, ...filters }),
  output: page(AuditEntry),
  errors: ['cursor_invalid'],
  // The first part of a late period may have to pass by everything before it.
  timeoutMs: 30_000,
});

/** Reads one entry. */
export const getAuditEntry = rpc('governance.audit.get.v1', {
  summary: 'Read one audit entry',
  access: read,
  http: { method: 'GET', path: '/v1/governance/audit/{eventId}' },
  input: z.object({ eventId: EventId }),
  output: AuditEntry,
  errors: ['audit_entry_not_found'],
});

/** What an agent did and what was done to it, newest first. */
export const auditOfAgent = rpc('governance.audit.of-agent.v1', {
  summary: 'List the audit of an agent, newest first',
  access: read,
  http: { method: 'GET', path: '/v1/governance/audit/agents/{agentId}' },
  input: z.object({ agentId: AgentId, ...pageQuery }),
  output: page(AuditEntry),
  errors: ['cursor_invalid'],
});

/** The trail of a run, in the order in which it happened. */
export const auditOfRun = rpc('governance.audit.of-run.v1', {
  summary: 'List the audit of a run, oldest first',
  access: read,
  http: { method: 'GET', path: '/v1/governance/audit/runs/{runId}' },
  input: z.object({ runId: RunId, ...pageQuery }),
  output: page(AuditEntry),
  errors: ['cursor_invalid'],
});

/** What people were asked and answered, newest first. */
export const auditOfHumans = rpc('governance.audit.of-humans.v1', {
  summary: 'List what people were asked and answered, newest first',
  access: read,
  http: { method: 'GET', path: '/v1/governance/audit/human-interactions' },
  input: z.object({ ...pageQuery, ...period }),
  output: page(AuditEntry),
  errors: ['cursor_invalid'],
});

/** Refusals, violations and changes of rights, newest first. */
export const auditOfSecurity = rpc('governance.audit.of-security.v1', {
  summary: 'List refusals, violations and changes of rights, newest first',
  access: read,
  http: { method: 'GET', path: '/v1/governance/audit/security' },
  input: z.object({ ...pageQuery, ...period }),
  output: page(AuditEntry),
  errors: ['cursor_invalid'],
});

/** Recomputes the tenant’s hash chain. */
export const verifyAudit = rpc('governance.audit.verify.v1', {
  summary: 'Verify that the audit is complete and unaltered',
  access: read,
  http: { method: 'GET', path: '/v1/governance/audit/verify' },
  input: z.object({}),
  output: z.object({
    valid: z.boolean(),
    /** Entries that were read, up to the first bad one. */
    checked: z.number().int(),
    firstBadSequence: z.number().int().optional(),
    /**
     * What is wrong there: the entry does not have the hash that was recorded, or it is missing, or the chain does not
     * end where it is known to end.
     */
    problem: z.enum(['altered', 'gap', 'head_mismatch']).optional(),
    /** Hash of the last entry; whoever keeps it elsewhere can tell a chain that was made anew from this one. */
    head: z.string(),
  }),
  errors: [],
  timeoutMs: 60_000,
});

/** Something without an event of its own: a refusal, a read of sensitive data. An eventId is recorded once. */
export const recordAudit = rpc('governance.audit.record.v1', {
  summary: 'Record what has no event of its own',
  access: { internal: true },
  input: z.object({
    tenantId: TenantId,
    entries: z
      .array(
        z.object({
          eventId: EventId,
          eventType: AuditEventType,
          action: text(200),
          resource: text(500),
          outcome: text(100),
          principal: z.object({ type: text(50), id: text(200) }),
          agentId: AgentId.optional(),
          runId: RunId.optional(),
          requestId: RequestId.optional(),
          correlationId: text(200),
          details: FreeObject,
          time: Timestamp,
        }),
      )
      .min(1)
      .max(500),
  }),
  /** How many of them were new. */
  output: z.object({ recorded: z.number().int() }),
  errors: [],
});
