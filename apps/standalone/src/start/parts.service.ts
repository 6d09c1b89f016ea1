import { type HealthBoard, type PartHealth, registerEngines, type Engines, type RunningService } from '@support101/service-kit';
import type { StandaloneSettings } from '../env.js';

interface Working {
  readonly settings: StandaloneSettings;
  readonly running: readonly RunningService[];
  readonly engines: Engines;
}

/** Puts the table of design.md section 4 on the board, each part as it is now; models and limits put themselves there. */
export function registerParts(health: HealthBoard, working: Working): void {
  health.register('database', () => databaseHealth(working));
  registerEngines(health, working.engines);
  for (const { parts } of working.running) {
    for (const [name, check] of Object.entries(parts)) health.register(name, check);
  }
}

async function databaseHealth({ settings, running }: Working): Promise<PartHealth> {
  await Promise.all(running.map((service) => service.database.ping()));
  if (settings.DATABASE_URL !== undefined) return part('database', 'Postgres', 'up');
  return part('database', 'embedded Postgres 18', 'degraded', 'set DATABASE_URL');
}

function part(name: string, using: string, state: PartHealth['state'], hint?: string): PartHealth {
  return { part: name, using, state, ...(hint === undefined ? {} : { hint }) };
}
