import type { InProcessJobDriver } from '@support101/jobs';
import type { Transport } from '@support101/messaging';
import type { Models } from '@support101/models';
import type { HealthBoard, PartHealth, RunningService } from '@support101/service-kit';
import type { StandaloneSettings } from '../env.js';

interface Working {
  readonly settings: StandaloneSettings;
  readonly running: readonly RunningService[];
  readonly transport: Transport;
  readonly jobs: InProcessJobDriver;
  readonly models: Models;
}

/** Puts the table of design.md section 4 on the board, each part with a look at how it is now. */
export function registerParts(health: HealthBoard, working: Working): void {
  const { settings, models } = working;
  health.register('database', () => databaseHealth(working));
  health.register('commands and events', () => {
    const { state, detail } = working.transport.status();
    return part(
      'commands and events',
      'in process',
      state === 'up' ? 'degraded' : 'down',
      detail ?? 'NATS: not built into standalone',
    );
  });
  health.register('jobs and timers', () => {
    const { state, detail } = working.jobs.status();
    return part(
      'jobs and timers',
      'in process',
      state === 'up' ? 'degraded' : 'down',
      detail ?? 'Redis: not built into standalone',
    );
  });
  health.register('limits and leases', () =>
    part('limits and leases', 'in process and Postgres', 'degraded', 'Redis: not built yet'),
  );
  health.register('activity', () => part('activity', 'Postgres', 'degraded', 'Redis Streams: not built yet'));
  health.register('graph', () => part('graph', 'Postgres tables', 'degraded', 'Apache AGE: not built yet'));
  health.register('vectors', () => part('vectors', 'exact search in process', 'degraded', 'Pinecone: not built yet'));
  const isLocal = settings.OPENAI_API_KEY === undefined;
  const openAi = isLocal ? 'set OPENAI_API_KEY' : undefined;
  health.register('chat model', () => part('chat model', models.description.chat, isLocal ? 'degraded' : 'up', openAi));
  health.register('embeddings', () => part('embeddings', models.description.embeddings, isLocal ? 'degraded' : 'up', openAi));
}

async function databaseHealth({ settings, running }: Working): Promise<PartHealth> {
  await Promise.all(running.map((service) => service.database.ping()));
  if (settings.DATABASE_URL !== undefined) return part('database', 'Postgres', 'up');
  return part('database', 'embedded Postgres 18', 'degraded', 'set DATABASE_URL');
}

function part(name: string, using: string, state: PartHealth['state'], hint?: string): PartHealth {
  return { part: name, using, state, ...(hint === undefined ? {} : { hint }) };
}
