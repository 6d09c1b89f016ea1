import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { AgentId, RunId, TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { FreeObject, text, Timestamp } from '../kernel/text.js';

/** Whether an agent takes new runs: a disabled one does not. */
export const AgentStatus = z.enum(['active', 'disabled']);
export type AgentStatus = z.infer<typeof AgentStatus>;

/** A tenant's agent: a blueprint in one version, with this tenant's settings. */
export const Agent = z
  .object({
    agentId: AgentId,
    tenantId: TenantId,
    name: z.string(),
    description: z.string().nullable(),
    blueprint: z.string(),
    blueprintVersion: z.string(),
    status: AgentStatus,
    config: z.record(z.string(), z.unknown()),
    version: z.number().int(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Agent' });
export type Agent = z.infer<typeof Agent>;

const read = { resource: 'agent-runtime:agents', level: 'read' } as const;
const change = { resource: 'agent-runtime:agents', level: 'execute' } as const;

/** Makes an agent; what the given config leaves out has the blueprint's default. */
export const createAgent = rpc('agent-runtime.agents.create.v1', {
  summary: 'Create an agent from a blueprint',
  access: change,
  http: { method: 'POST', path: '/v1/agents', status: 201, location: (agent) => `/v1/agents/${agent.agentId}` },
  input: z.object({
    blueprint: text(100),
    name: text(200),
    description: text(2000).optional(),
    config: FreeObject.optional(),
  }),
  output: Agent,
  errors: ['blueprint_not_found', 'blueprint_not_allowed', 'blueprint_config_invalid', 'limit_exceeded'],
});

/** Lists the tenant's agents, newest first. */
export const listAgents = rpc('agent-runtime.agents.list.v1', {
  summary: 'List the agents',
  access: read,
  http: { method: 'GET', path: '/v1/agents' },
  input: z.object({ ...pageQuery, blueprint: text(100).optional(), status: AgentStatus.optional() }),
  output: page(Agent),
  errors: ['cursor_invalid'],
});

/** Reads one agent. */
export const getAgent = rpc('agent-runtime.agents.get.v1', {
  summary: 'Read one agent',
  access: read,
  http: { method: 'GET', path: '/v1/agents/{agentId}', etag: true },
  input: z.object({ agentId: AgentId }),
  output: Agent,
  errors: ['agent_not_found'],
});

/** Changes an agent. `config` is laid over the present one, field by field, null takes a field back to its default; runs already begun keep theirs. */
export const updateAgent = rpc('agent-runtime.agents.update.v1', {
  summary: 'Change an agent; config is merged by field, null takes a field back to its default',
  access: change,
  http: { method: 'PATCH', path: '/v1/agents/{agentId}', etag: true },
  input: z.object({
    agentId: AgentId,
    name: text(200).optional(),
    description: text(2000).nullable().optional(),
    status: AgentStatus.optional(),
    config: FreeObject.optional(),
    expectedVersion: z.number().int().min(1).optional(),
  }),
  output: Agent,
  errors: ['agent_not_found', 'version_mismatch', 'blueprint_config_invalid'],
});

/** Deletes an agent that has no unfinished run; its finished runs stay readable. */
export const deleteAgent = rpc('agent-runtime.agents.delete.v1', {
  summary: 'Delete an agent',
  access: change,
  http: { method: 'DELETE', path: '/v1/agents/{agentId}', status: 204 },
  input: z.object({ agentId: AgentId }),
  output: z.object({}),
  errors: ['agent_not_found', 'agent_busy'],
});

/** Numbers over the tenant's agents and runs. */
export const agentStats = rpc('agent-runtime.agents.stats.v1', {
  summary: 'Count agents and runs',
  access: read,
  http: { method: 'GET', path: '/v1/agents/stats/overview' },
  input: z.object({}),
  output: z
    .object({
      totalAgents: z.number().int(),
      totalBlueprints: z.number().int(),
      byStatus: z.record(z.string(), z.number().int()),
      byBlueprint: z.record(z.string(), z.number().int()),
      runsByStatus: z.record(z.string(), z.number().int()),
    })
    .meta({ id: 'AgentStats' }),
  errors: [],
});

/** Counts agents for another service: those of one tenant, or of all when none is named. */
export const countAgents = rpc('agent-runtime.agents.count.v1', {
  summary: 'Count the agents of one tenant or of all',
  access: { internal: true },
  input: z.object({ tenantId: TenantId.optional() }),
  output: z.object({ total: z.number().int() }),
  errors: [],
});

/** What an agent is doing: its latest run's status and state. */
export const getAgentState = rpc('agent-runtime.agents.state.v1', {
  summary: 'Read the status and state of an agent’s latest run',
  access: { resource: 'agent-runtime:runs', level: 'read' },
  http: { method: 'GET', path: '/v1/agents/{agentId}/state' },
  input: z.object({ agentId: AgentId }),
  output: z
    .object({
      agentId: AgentId,
      runId: RunId.nullable(),
      /** `idle` before the first run. */
      status: z.enum(['idle', 'queued', 'running', 'awaiting_human', 'completed', 'failed', 'cancelled', 'timed_out']),
      state: z.record(z.string(), z.unknown()).nullable(),
      stepsCount: z.number().int(),
      updatedAt: Timestamp.nullable(),
    })
    .meta({ id: 'AgentState' }),
  errors: ['agent_not_found'],
});

const ofAgent = (data: { agentId: string }) => `agent:${data.agentId}`;

/** An agent was made. */
export const agentCreated = event('agent-runtime.agents.created.v1', {
  summary: 'An agent was created',
  data: z.object({ agentId: AgentId, name: z.string(), blueprint: z.string(), blueprintVersion: z.string() }),
  resource: ofAgent,
  audit: 'agent_created',
});

/** An agent was changed; `changed` names the fields. */
export const agentUpdated = event('agent-runtime.agents.updated.v1', {
  summary: 'An agent was changed',
  data: z.object({
    agentId: AgentId,
    /** As it is now. Earlier versions do not say it. */
    name: z.string().optional(),
    changed: z.array(z.string()),
    version: z.number().int(),
  }),
  resource: ofAgent,
  audit: 'agent_updated',
});

/** An agent was deleted. */
export const agentDeleted = event('agent-runtime.agents.deleted.v1', {
  summary: 'An agent was deleted',
  data: z.object({ agentId: AgentId, name: z.string(), blueprint: z.string() }),
  resource: ofAgent,
  audit: 'agent_deleted',
});
