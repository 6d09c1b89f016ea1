import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { type Engine, prepareModels, type PreparedModels } from '@support101/service-testing';
import { governanceService } from '../src/app.module.js';
import type { AuditFact } from '../src/audit/audit.rules.js';
import { GovernanceDatabase } from '../src/platform/governance-database.js';

/** The migrated schema of governance on a database of its own. */
export type Prepared = PreparedModels<GovernanceDatabase>;

/** Makes a database on the engine and migrates it. */
export const prepare = (engine: Engine): Promise<Prepared> => prepareModels(governanceService, engine, GovernanceDatabase);

/** A fact to append. */
export function fact(tenantId: TenantId, given: Partial<AuditFact> = {}): AuditFact {
  return {
    tenantId,
    eventId: newId('evt'),
    eventType: 'data_modified',
    action: 'learning.knowledge.article-created',
    resource: 'article:x',
    outcome: 'success',
    principalType: 'key',
    principalId: 'key_1',
    agentId: null,
    runId: null,
    requestId: null,
    correlationId: 'cor_1',
    details: '{"title":"ü \\"x\\""}',
    time: '2026-11-22T12:00:00.123Z',
    ...given,
  };
}

// Locked in the order in which the service takes them, which may be writing.
const tables = ['audit_heads', 'audit_entries'];

/**
 * Runs a statement as the database's owner, whom row-level security does not stop; `armed` says whether the triggers
 * see it.
 */
export async function asOwner({ database }: Pick<Prepared, 'database'>, statement: string, armed = false): Promise<void> {
  const alter = (what: string) => tables.map((table) => `alter table ${table} ${what}`).join('; ');
  const client = await database.pool.connect();
  try {
    await client.query(`begin; set local role none; set local search_path to ${database.schema}`);
    await client.query(alter('no force row level security'));
    if (!armed) await client.query(alter('disable trigger user'));
    await client.query(statement);
    if (!armed) await client.query(alter('enable trigger user'));
    await client.query(alter('force row level security'));
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}
