import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { type Engine, prepareModels, type PreparedModels } from '@support101/service-testing';
import { tenancyService } from '../src/app.module.js';
import { TenancyDatabase } from '../src/platform/tenancy-database.js';
import { TenantsRepository } from '../src/tenants/tenants.repository.js';

/** The migrated schema of tenancy on a database of its own. */
export type Prepared = PreparedModels<TenancyDatabase>;

/** Makes a database on the engine and migrates it. */
export const prepare = (engine: Engine): Promise<Prepared> => prepareModels(tenancyService, engine, TenancyDatabase);

/** Writes an active tenant and gives its id. */
export async function insertTenant(
  { models }: Prepared,
  name = 'Acme',
  createdAt = new Date('2026-11-22T12:00:00Z'),
  tenantId: TenantId = newId('ten'),
): Promise<TenantId> {
  const columns = { tenantId, name, tier: 'starter', status: 'active', settings: {}, allowedBlueprints: [] } as const;
  await models.forTenant(tenantId, (tx) => new TenantsRepository().insert(tx, { ...columns, createdAt, activatedAt: createdAt }));
  return tenantId;
}
