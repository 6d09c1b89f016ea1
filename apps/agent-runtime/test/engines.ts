import type { AgentId, RunId, TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { type Engine, prepareModels, type PreparedModels, type ServiceSchema } from '@support101/service-testing';
import { AgentsRepository, type AgentRow } from '../src/agents/agents.repository.js';
import { RuntimeDatabase } from '../src/platform/runtime-database.js';
import { RunsRepository, type NewRun } from '../src/runs/runs.repository.js';

/** The migrated schema of agent-runtime on a database of its own. */
export type Prepared = PreparedModels<RuntimeDatabase>;

/** Its schema, which needs no models and blueprints. */
export const definition: ServiceSchema = {
  name: 'agent-runtime',
  schema: 'agent_runtime',
  migrations: new URL('../prisma/migrations/', import.meta.url),
};

/** Makes a database on the engine and migrates it. */
export const prepare = (engine: Engine): Promise<Prepared> => prepareModels(definition, engine, RuntimeDatabase);

/** An agent's row as it is after its creation. */
export function anAgent(tenantId: TenantId, over: Partial<AgentRow> = {}): AgentRow {
  const at = new Date('2026-11-22T12:00:00.000Z');
  return {
    tenantId,
    id: newId('agt'),
    name: 'Ada',
    description: null,
    blueprint: 'scripted',
    blueprintVersion: '1.0.0',
    status: 'active',
    config: {
      maxIterations: 5,
      timeoutSeconds: 60,
    },
    version: 1,
    createdAt: at,
    updatedAt: at,
    ...over,
  };
}

/** Writes an agent. */
export async function insertAgent({ models }: Prepared, tenantId: TenantId, over: Partial<AgentRow> = {}): Promise<AgentRow> {
  const row = anAgent(tenantId, over);
  await models.forTenant(tenantId, (tx) => new AgentsRepository().insert(tx, row));
  return row;
}

/** Writes a queued run of some agent and gives its ids. */
export async function insertRun(
  { database }: Prepared,
  tenantId: TenantId,
  over: Partial<NewRun> = {},
): Promise<{ tenantId: TenantId; runId: RunId; agentId: AgentId }> {
  const run: NewRun = {
    tenantId,
    runId: newId('run'),
    agentId: newId('agt'),
    blueprint: 'scripted',
    blueprintVersion: '1.0.0',
    config: { maxIterations: 5 },
    input: { query: 'How? 🙂' },
    timeoutMs: 6e4,
    correlationId: 'cor_test',
    traceparent: null,
    createdAt: new Date('2026-11-22T12:00:00.000Z'),
    ...over,
  };
  await database.forTenant(tenantId, (tx) => new RunsRepository().insert(tx, run));
  return { tenantId, runId: run.runId, agentId: run.agentId };
}
