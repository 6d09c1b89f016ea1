import type { TenantId } from '@support101/contracts';
import { type Database, migrate, openDatabase, startEmbedded } from '@support101/database';
import { Idempotency, Inbox } from '@support101/messaging';
import { migrationSets, newId } from '@support101/service-kit';
import { embeddedPostgres, postgres } from '@support101/testing';
import { tenancyService } from '../src/app.module.js';
import { TenancyDatabase } from '../src/platform/tenancy-database.js';
import { TenantsRepository } from '../src/tenants/tenants.repository.js';

/** What the tests of repositories run on: every one of these. */
export const engines = ['native', 'embedded'] as const;

/** The migrated schema of tenancy on a database of its own. */
export interface Prepared {
  readonly url: string;
  readonly database: Database;
  readonly tenancy: TenancyDatabase;
  close(): Promise<void>;
}

/** Makes a database on the engine and migrates it. */
export async function prepare(engine: (typeof engines)[number]): Promise<Prepared> {
  const embedded = engine === 'embedded';
  const server = await (embedded ? embeddedPostgres(startEmbedded) : postgres());
  const { schema } = tenancyService;
  await migrate({ url: server.url, schema, sets: migrationSets(tenancyService) });
  const database = await openDatabase({ url: server.url, schema, embedded });
  const tenancy = new TenancyDatabase(database, new Idempotency(database), new Inbox(database));
  return {
    url: server.url,
    database,
    tenancy,
    close: async () => {
      await tenancy.close();
      await database.close();
      await server.close();
    },
  };
}

/** Writes an active tenant and gives its id. */
export async function insertTenant(
  { tenancy }: Prepared,
  name = 'Acme',
  createdAt = new Date('2026-11-22T12:00:00Z'),
): Promise<TenantId> {
  const tenantId = newId('ten');
  const columns = { tenantId, name, tier: 'starter', status: 'active', settings: {}, allowedBlueprints: [] } as const;
  await tenancy.forTenant(tenantId, (tx) =>
    new TenantsRepository().insert(tx, { ...columns, createdAt, activatedAt: createdAt }),
  );
  return tenantId;
}
