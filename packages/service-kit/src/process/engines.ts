import { isDatabaseFailure } from '@support101/database';
import { InProcessJobDriver, openBullMq, type JobDriver } from '@support101/jobs';
import { InProcessTransport, openNats, type Transport } from '@support101/messaging';
import type { HealthBoard, PartHealth } from '../health.js';
import type { Log } from '../log.js';
import { SettingsError } from '../settings.js';

/** Where the engines are; what is not set is served in process. */
export interface EngineUrls {
  readonly NATS_URL?: string | undefined;
  readonly REDIS_URL?: string | undefined;
}

/** The engines that a process works with. */
export interface Engines {
  readonly transport: Transport;
  readonly jobs: JobDriver;
  /** To be called once all consumers of the process are there: events flow from now on. */
  started(): void;
  /** Waits for what is running and lets go. */
  close(): Promise<void>;
}

/** Opens NATS and Redis, or their stand-ins. Throws SettingsError naming the variable whose server cannot be used. */
export async function openEngines(urls: EngineUrls, options: { name: string; log: Log }): Promise<Engines> {
  const { transport, started } = await openTransport(urls.NATS_URL, options);
  try {
    const jobs = await openJobs(urls.REDIS_URL, options.log);
    return {
      transport,
      jobs,
      started,
      close: async () => {
        await jobs.close();
        await transport.close();
      },
    };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/** Opens NATS, or its stand-in in process. Throws SettingsError. */
export async function openTransport(
  url: string | undefined,
  { name, log }: { name: string; log: Log },
): Promise<Pick<Engines, 'transport' | 'started'>> {
  if (url === undefined) {
    const transport = new InProcessTransport({ log });
    return { transport, started: () => transport.start() };
  }
  const transport = await named('NATS_URL', openNats({ url, name: `support101-${name}`, log }));
  return { transport, started: () => undefined };
}

async function openJobs(url: string | undefined, log: Log): Promise<JobDriver> {
  return url === undefined ? new InProcessJobDriver({ log }) : named('REDIS_URL', openBullMq({ url, log }));
}

async function named<T>(variable: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw new SettingsError([`${variable}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** What a process could not do with its database, as a problem of DATABASE_URL when it is one. */
export function explainDatabase(error: unknown): unknown {
  const settings = (['database_unreachable', 'roles_missing', 'schema_out_of_date'] as const).some((code) =>
    isDatabaseFailure(error, code),
  );
  return settings ? new SettingsError([`DATABASE_URL: ${(error as Error).message}`]) : error;
}

/** Puts messaging and jobs on the board: in process they are `degraded`, on a server that is lost they are `down`. */
export function registerEngines(health: HealthBoard, { transport, jobs }: Partial<Pick<Engines, 'transport' | 'jobs'>>): void {
  if (transport !== undefined) registerTransport(health, transport);
  if (jobs === undefined) return;
  health.register('jobs and timers', () => {
    const { kind, state, detail } = jobs.status();
    return partOf('jobs and timers', kind === 'bullmq' ? 'BullMQ on Redis' : 'in process', { kind, state, detail }, 'REDIS_URL');
  });
}

function registerTransport(health: HealthBoard, transport: Transport): void {
  health.register('commands and events', () => {
    const { kind, state, detail } = transport.status();
    const using = kind === 'nats' ? 'NATS and JetStream' : 'in process';
    return partOf('commands and events', using, { kind, state, detail }, 'NATS_URL');
  });
}

function partOf(
  part: string,
  using: string,
  status: { kind: string; state: string; detail: string | undefined },
  variable: string,
): PartHealth {
  if (status.state !== 'up') return { part, using, state: 'down', hint: status.detail ?? status.state };
  return status.kind === 'in-process'
    ? { part, using, state: 'degraded', hint: `set ${variable}` }
    : { part, using, state: 'up' };
}
