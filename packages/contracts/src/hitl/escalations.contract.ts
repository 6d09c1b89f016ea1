import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { AgentId, RequestId, RunId, TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { FreeObject, text, Timestamp } from '../kernel/text.js';
import { HitlRequest, RequestPriority } from './request.js';
import { PolicyId } from './sla.contract.js';

const read = { resource: 'hitl:escalations', level: 'read' } as const;
const raise = { resource: 'hitl:escalations', level: 'execute' } as const;
const administer = { resource: 'hitl:escalations', level: 'admin' } as const;

/** Why something is escalated. */
export const EscalationTrigger = z.enum([
  'low_confidence',
  'negative_sentiment',
  'timeout',
  'explicit_request',
  'repeated_failure',
  'high_value_customer',
  'sensitive_topic',
  'policy_violation',
  'manual',
]);
export type EscalationTrigger = z.infer<typeof EscalationTrigger>;

/** How far up an escalation goes. */
export const EscalationLevel = z.enum(['l1', 'l2', 'l3', 'manager', 'executive']);
export type EscalationLevel = z.infer<typeof EscalationLevel>;

const value = z.union([text(500), z.number(), z.boolean()]);

/**
 * What a signal of a step must be: that value, or within bounds (inclusive) and lists, all that are given. A signal that
 * the step did not report fulfils no condition.
 */
export const EscalationCondition = z
  .union([
    value,
    z
      .strictObject({
        min: z.number().optional(),
        max: z.number().optional(),
        in: z.array(value).min(1).max(100).optional(),
        notIn: z.array(value).min(1).max(100).optional(),
      })
      .refine((bounds) => Object.values(bounds).some((bound) => bound !== undefined), 'needs one of min, max, in, notIn')
      .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min must not be more than max'),
  ])
  .meta({ id: 'EscalationCondition' });
export type EscalationCondition = z.infer<typeof EscalationCondition>;

/** When a run is escalated: all `conditions`, by the name of the signal, must hold. */
export const EscalationRule = z
  .object({
    name: text(100),
    description: text(1000).optional(),
    trigger: EscalationTrigger,
    level: EscalationLevel,
    priority: RequestPriority,
    conditions: z
      .record(text(100), EscalationCondition)
      .refine((conditions) => Object.keys(conditions).length >= 1, 'needs a condition, or it would always match')
      .refine((conditions) => Object.keys(conditions).length <= 20, 'has more than 20 conditions'),
    enabled: z.boolean().default(true),
  })
  .meta({ id: 'EscalationRule' });
export type EscalationRule = z.infer<typeof EscalationRule>;

/** The rules where a tenant has no enabled policy. The first one that matches wins. */
export const defaultEscalationRules: readonly EscalationRule[] = [
  {
    name: 'Low Confidence Response',
    trigger: 'low_confidence',
    level: 'l2',
    priority: 'medium',
    conditions: { confidence: { max: 0.75 } },
    enabled: true,
  },
  {
    name: 'Angry Customer',
    trigger: 'negative_sentiment',
    level: 'l2',
    priority: 'high',
    conditions: { sentiment: { in: ['angry', 'frustrated', 'negative'] } },
    enabled: true,
  },
  {
    name: 'VIP Customer',
    trigger: 'high_value_customer',
    level: 'l2',
    priority: 'high',
    conditions: { isVip: true },
    enabled: true,
  },
  {
    name: 'Repeated Failures',
    trigger: 'repeated_failure',
    level: 'l3',
    priority: 'high',
    conditions: { failureCount: { min: 3 } },
    enabled: true,
  },
  {
    name: 'Sensitive Topic',
    trigger: 'sensitive_topic',
    level: 'manager',
    priority: 'critical',
    conditions: { topic: { in: ['legal', 'security', 'privacy', 'complaint'] } },
    enabled: true,
  },
];

const rules = z.array(EscalationRule).max(50);

/** When a tenant’s runs are escalated. The newest enabled policy applies; its rules are tried in their order. */
export const EscalationPolicy = z
  .object({
    policyId: PolicyId,
    tenantId: TenantId,
    name: z.string(),
    description: z.string().nullable(),
    rules,
    enabled: z.boolean(),
    /** Whether this is the one that applies. */
    applies: z.boolean(),
    version: z.number().int(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'EscalationPolicy' });
export type EscalationPolicy = z.infer<typeof EscalationPolicy>;

/** Makes an escalation policy. */
export const createEscalationPolicy = rpc('hitl.escalation-policies.create.v1', {
  summary: 'Create an escalation policy; unless disabled it applies from now on',
  access: administer,
  http: {
    method: 'POST',
    path: '/v1/hitl/escalation-policies',
    status: 201,
    location: (policy) => `/v1/hitl/escalation-policies/${policy.policyId}`,
  },
  input: z.object({ name: text(200), description: text(1000).optional(), rules, enabled: z.boolean().default(true) }),
  output: EscalationPolicy,
  errors: [],
});

/** Lists the escalation policies of a tenant, newest first. */
export const listEscalationPolicies = rpc('hitl.escalation-policies.list.v1', {
  summary: 'List the escalation policies',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/escalation-policies' },
  input: z.object({ ...pageQuery }),
  output: page(EscalationPolicy),
  errors: ['cursor_invalid'],
});

/** Reads one escalation policy. */
export const getEscalationPolicy = rpc('hitl.escalation-policies.get.v1', {
  summary: 'Read one escalation policy',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/escalation-policies/{policyId}', etag: true },
  input: z.object({ policyId: PolicyId }),
  output: EscalationPolicy,
  errors: ['policy_not_found'],
});

/** Changes an escalation policy; what is left out stays. */
export const updateEscalationPolicy = rpc('hitl.escalation-policies.update.v1', {
  summary: 'Change an escalation policy',
  access: administer,
  http: { method: 'PATCH', path: '/v1/hitl/escalation-policies/{policyId}', etag: true },
  input: z.object({
    policyId: PolicyId,
    name: text(200).optional(),
    description: text(1000).nullable().optional(),
    rules: rules.optional(),
    enabled: z.boolean().optional(),
    expectedVersion: z.number().int().positive().optional(),
  }),
  output: EscalationPolicy,
  errors: ['policy_not_found', 'version_mismatch'],
});

/** Deletes an escalation policy; the one before it, or the default rules, apply again. */
export const deleteEscalationPolicy = rpc('hitl.escalation-policies.delete.v1', {
  summary: 'Delete an escalation policy',
  access: administer,
  http: { method: 'DELETE', path: '/v1/hitl/escalation-policies/{policyId}', status: 204 },
  input: z.object({ policyId: PolicyId }),
  output: z.object({}),
  errors: ['policy_not_found'],
});

/** The rules that apply to a tenant now: enabled ones only, in the order they are tried. */
export const escalationPolicyOf = rpc('hitl.escalations.policy.v1', {
  summary: 'The escalation rules that apply to a tenant, for the service that evaluates them',
  access: { internal: true },
  input: z.object({ tenantId: TenantId }),
  output: z.object({
    /** Null where the default rules apply. */
    policyId: PolicyId.nullable(),
    rules: z.array(EscalationRule),
  }),
  errors: [],
});

/** Puts a question to a person although no rule did. */
export const escalate = rpc('hitl.escalations.raise.v1', {
  summary: 'Escalate an agent or a run to a person',
  access: raise,
  http: {
    method: 'POST',
    path: '/v1/hitl/escalate',
    status: 201,
    location: (request) => `/v1/hitl/queue/${request.requestId}`,
  },
  input: z.object({
    /** One of the two at least; the run’s agent where both are given. */
    agentId: AgentId.optional(),
    runId: RunId.optional(),
    reason: text(2000),
    level: EscalationLevel.default('l2'),
    /** Follows from the level when left out. */
    priority: RequestPriority.optional(),
    context: FreeObject.optional(),
  }),
  output: HitlRequest,
  errors: ['agent_not_found', 'run_not_found', 'limit_exceeded'],
});

const ofRequest = (data: { requestId: string }) => `request:${data.requestId}`;
const escalation = {
  requestId: RequestId,
  runId: RunId.nullable(),
  agentId: AgentId.nullable(),
  rule: z.string(),
  trigger: z.string(),
  level: z.string(),
};

/** Something was escalated, by a rule or by a person; its request stands in the queue. */
export const escalationRaised = event('hitl.escalations.raised.v1', {
  summary: 'Something was escalated to a person',
  data: z.object({ ...escalation, priority: RequestPriority, reason: z.string() }),
  resource: ofRequest,
  audit: 'escalation_triggered',
});

/** An escalation was decided. */
export const escalationResolved = event('hitl.escalations.resolved.v1', {
  summary: 'An escalation was decided by a person',
  data: z.object({ ...escalation, decision: z.string() }),
  resource: ofRequest,
  audit: 'escalation_resolved',
  outcome: (data) => data.decision,
});

const ofPolicy = (data: { policyId: string }) => `escalation-policy:${data.policyId}`;
const policyFact = { policyId: PolicyId, name: z.string(), enabled: z.boolean() };

/** An escalation policy was made. */
export const escalationPolicyCreated = event('hitl.escalation-policies.created.v1', {
  summary: 'An escalation policy was created',
  data: z.object({ ...policyFact, rules: z.array(z.string()) }),
  resource: ofPolicy,
  audit: 'data_modified',
});

/** An escalation policy was changed. */
export const escalationPolicyUpdated = event('hitl.escalation-policies.updated.v1', {
  summary: 'An escalation policy was changed',
  data: z.object({ ...policyFact, changed: z.array(z.string()) }),
  resource: ofPolicy,
  audit: 'data_modified',
});

/** An escalation policy is gone. */
export const escalationPolicyDeleted = event('hitl.escalation-policies.deleted.v1', {
  summary: 'An escalation policy was deleted',
  data: z.object({ policyId: PolicyId, name: z.string() }),
  resource: ofPolicy,
  audit: 'data_modified',
});
