import type { AgentId, RunId, TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { type Engine, prepareModels, type PreparedModels, type ServiceSchema } from '@support101/service-testing';
import { AgentsRepository, type AgentRow } from '../src/agents/agents.repository.js';
import { RuntimeDatabase } from '../src/platform/runtime-database.js';
import { RunsRepository, type NewRun, type Terms } from '../src/runs/runs.repository.js';

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

/** Terms that nothing stands against. */
const anyTerms: Terms = { agentVersion: 1, atMost: 1_000, lease: undefined };

// As `insertAgent`, where it is not there yet.
const agentSql = `insert into agents (tenant_id, id, name, blueprint, blueprint_version, status, config, version, created_at, updated_at)
  values ($1, $2, 'Ada', 'scripted', '1.0.0', 'active', '{}', 1, now(), now()) on conflict do nothing`;

/** A run as it is before it is written. */
export function aRun(tenantId: TenantId, agentId: AgentId): NewRun {
  return {
    tenantId,
    runId: newId('run'),
    agentId,
    blueprint: 'scripted',
    blueprintVersion: '1.0.0',
    config: { maxIterations: 5 },
    input: { query: 'How? 🙂' },
    timeoutMs: 6e4,
    correlationId: 'cor_test',
    traceparent: null,
    createdAt: new Date('2026-11-22T12:00:00.000Z'),
  };
}

/** Writes a queued run of some agent and gives its ids. */
export async function insertRun(
  { database }: Prepared,
  tenantId: TenantId,
  over: Partial<NewRun> = {},
  terms: Partial<Terms> = {},
): Promise<{ tenantId: TenantId; runId: RunId; agentId: AgentId }> {
  const run = { ...aRun(tenantId, newId('agt')), ...over };
  await database.forTenant(tenantId, async (tx) => {
    await tx.query(agentSql, [tenantId, run.agentId]);
    await new RunsRepository().insert(tx, run, { ...anyTerms, ...terms });
  });
  return { tenantId, runId: run.runId, agentId: run.agentId };
}
