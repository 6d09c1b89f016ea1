// `npm run db:migrate`: brings the schema of every service in DATABASE_URL up to date, for those who do not want the
// services to do it when they start. Installs and builds first; the work itself is done on the project's own Node.
import { handOver } from './hand-over.mjs';

if (process.argv[2] === 'apply') await apply();
else await prepare();

async function prepare() {
  if (!process.env.DATABASE_URL) {
    console.error('Set DATABASE_URL to the Postgres whose schemas are to be brought up to date.');
    process.exit(78);
  }
  await handOver(['tooling/db-migrate.mjs', 'apply'], { workspace: '@support101/standalone' });
}

async function apply() {
  const { services } = await import('../apps/standalone/dist/services.js');
  const { migrate } = await import('../packages/database/dist/index.js');
  const { migrationSets } = await import('../packages/service-kit/dist/index.js');
  // What services need to run; their schemas do not depend on it.
  const needs = { models: {}, secretsKey: Buffer.alloc(32).toString('base64') };
  for (const service of services(needs)) {
    const { applied } = await migrate({ url: process.env.DATABASE_URL, schema: service.schema, sets: migrationSets(service) });
    console.log(`${service.schema}: ${applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`}`);
  }
}
