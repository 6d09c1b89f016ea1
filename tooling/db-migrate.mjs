// `npm run db:migrate`: brings the schema of every service in DATABASE_URL up to date, for those who do not want the
// services to do it when they start. Installs and builds first; the work itself is done on the project's own Node.
import { endChildrenWithUs, exitCodeOf, start } from './children.mjs';
import { Progress, Shown } from './progress.mjs';
import { build, checkNode, install, projectEnvironment, projectNode, root } from './set-up.mjs';

if (process.argv[2] === 'apply') await apply();
else await prepare();

async function prepare() {
  checkNode();
  endChildrenWithUs();
  if (!process.env.DATABASE_URL) {
    console.error('Set DATABASE_URL to the Postgres whose schemas are to be brought up to date.');
    process.exit(78);
  }
  try {
    const progress = new Progress();
    await install(progress);
    await build(progress, '@support101/standalone');
    const options = { cwd: root, env: projectEnvironment, stdio: 'inherit' };
    start(projectNode, ['tooling/db-migrate.mjs', 'apply'], options).once('exit', (code, signal) =>
      process.exit(exitCodeOf(code, signal)),
    );
  } catch (error) {
    if (!(error instanceof Shown)) throw error;
    process.exitCode = 1;
  }
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
