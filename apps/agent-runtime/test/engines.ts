import type { AgentId, RunId, TenantId } from '@support101/contracts';
import { type Database, migrate, openDatabase, startEmbedded } from '@support101/database';
import { Idempotency, Inbox, messagingMigrations } from '@support101/messaging';
import { newId } from '@support101/service-kit';
import { embeddedPostgres, postgres } from '@support101/testing';
import { AgentsRepository, type AgentRow } from '../src/agents/agents.repository.js';
import { RuntimeDatabase } from '../src/platform/runtime-database.js';
import { RunsRepository, type NewRun } from '../src/runs/runs.repository.js';

/** What the tests of repositories run on: every one of these. */
export const engines = ['native', 'embedded'] as const;

const schema = 'agent_runtime';
const migrations = { name: 'agent-runtime', directory: new URL('../prisma/migrations/', import.meta.url) };

/** The migrated schema of agent-runtime on a database of its own. */
export interface Prepared {
  readonly url: string;
  readonly database: Database;
  readonly runtime: RuntimeDatabase;
  close(): Promise<void>;
}

/** Makes a database on the engine and migrates it. */
export async function prepare(engine: (typeof engines)[number]): Promise<Prepared> {
  const embedded = engine === 'embedded';
  const server = await (embedded ? embeddedPostgres(startEmbedded) : postgres());
  await migrate({ url: server.url, schema, sets: [messagingMigrations, migrations] });
  const database = await openDatabase({ url: server.url, schema, embedded });
  const runtime = new RuntimeDatabase(database, new Idempotency(database), new Inbox(database));
  return {
    url: server.url,
    database,
    runtime,
    close: async () => {
      await runtime.close();
      await database.close();
      await server.close();
    },
  };
}

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
export async function insertAgent({ runtime }: Prepared, tenantId: TenantId, over: Partial<AgentRow> = {}): Promise<AgentRow> {
  const row = anAgent(tenantId, over);
  await runtime.forTenant(tenantId, (tx) => new AgentsRepository().insert(tx, row));
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
