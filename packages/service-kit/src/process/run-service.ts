import { migrate } from '@support101/database';
import { HealthBoard } from '../health.js';
import { bootService, migrationSets, type ServiceDefinition } from '../service.js';
import type { ServiceSettings } from '../settings.js';
import { explainDatabase, openEngines, registerEngines } from './engines.js';
import { runProcess, runToEnd, type ProcessContext } from './run-process.js';

/** A service as a process of its own: how it reads its settings, and what it is made of then. */
export interface ServicePlan<S> {
  readonly name: string;
  /** Throws SettingsError. */
  readonly settings: () => S;
  readonly definition: (settings: S, context: Pick<ProcessContext, 'onClose' | 'health'>) => Promise<ServiceDefinition>;
}

/**
 * Runs a service until it is told to stop; with the argument `migrate` it brings its schema up to date and ends.
 * Gives the exit code, as `runProcess` does.
 */
export async function runService<S extends ServiceSettings>(plan: ServicePlan<S>): Promise<number> {
  if (process.argv[2] === 'migrate') return runMigration(plan);
  return runProcess({ ...plan, start: (settings, context) => startService(plan, settings, context) });
}

async function startService<S extends ServiceSettings>(
  plan: ServicePlan<S>,
  settings: S,
  context: ProcessContext,
): Promise<void> {
  const { log, health, onClose } = context;
  const engines = await openEngines(settings, { name: plan.name, log });
  onClose(() => engines.close());
  registerEngines(health, engines);
  const definition = await plan.definition(settings, context);
  const database = { url: settings.DATABASE_URL, embedded: false };
  const migrations = settings.SUPPORT101_MIGRATE === '1' ? 'apply' : 'require';
  const service = await bootService(definition, { ...engines, log, database, migrations }).catch((error: unknown) => {
    throw explainDatabase(error);
  });
  onClose(async () => {
    await service.stopWork();
    await service.close();
  });
  health.register('database', async () => {
    await service.database.ping();
    return { part: 'database', using: 'Postgres', state: 'up' };
  });
  for (const [part, check] of Object.entries(service.parts)) health.register(part, check);
  engines.started();
}

async function runMigration<S extends ServiceSettings>(plan: ServicePlan<S>): Promise<number> {
  return runToEnd(plan.name, async (onClose) => {
    const settings = plan.settings();
    const definition = await plan.definition(settings, { health: new HealthBoard(), onClose });
    const { schema } = definition;
    try {
      const { DATABASE_URL: url, SUPPORT101_DATABASE_LOGIN: login } = settings;
      const { applied } = await migrate({ url, schema, sets: migrationSets(definition), login });
      process.stdout.write(`${schema}: ${applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`}\n`);
    } catch (error) {
      throw explainDatabase(error);
    }
  });
}
