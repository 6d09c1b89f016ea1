import { registry } from '@support101/contracts/all';
import { startEmbedded, type EmbeddedPostgres } from '@support101/database';
import { createGateway } from '@support101/gateway/app.module';
import { CommandClient } from '@support101/messaging';
import { openProcessModels } from '@support101/models';
import {
  bootService,
  createLog,
  closeAll,
  type Closer,
  explainDatabase,
  HealthBoard,
  openEngines,
  openObservation,
  type Log,
  type Parts,
  type RunningService,
} from '@support101/service-kit';
import { DemoService, type DemoTenant } from '../demo/demo.service.js';
import type { StandaloneSettings } from '../env.js';
import { type ServiceNeeds, services } from '../services.js';
import { DataDirectory } from './data-directory.service.js';
import { registerParts } from './parts.service.js';

/** Told about each step of the start: what it is, and how long it took once it is done. */
export type Progress = (message: string, seconds?: number) => void;

/** The product, running. */
export interface Standalone {
  readonly url: string;
  readonly health: HealthBoard;
  readonly demo: DemoTenant | undefined;
  readonly newPlatformKey: string | undefined;
  readonly dataDirectory: string;
  /** Says so when the wanted port was taken. */
  readonly portNote: string | undefined;
  /** Answers what is under way, hands unfinished work back, closes the database. */
  close(): Promise<void>;
}

type Closers = Closer[];

/** Starts every service in this process. When a step fails, what was started before is closed again. */
export async function startStandalone(
  settings: StandaloneSettings,
  options: { reset: boolean; progress: Progress },
): Promise<Standalone> {
  const closers: Closers = [];
  try {
    return await start(settings, options, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function start(
  settings: StandaloneSettings,
  { reset, progress }: { reset: boolean; progress: Progress },
  closers: Closers,
): Promise<Standalone> {
  const log = createLog({ name: 'standalone', level: settings.LOG_LEVEL });
  const data = await DataDirectory.open(settings.SUPPORT101_DATA_DIR, { reset });
  const health = new HealthBoard();
  const ready = health.starting();
  const onClose = (close: Closer) => void closers.push(close);
  await openObservation('support101', settings, { log, health, onClose });
  const database = await timed(progress, 'database', () => openEngine(settings, data, progress));
  onClose(() => database.close());
  const models = await timed(progress, 'models', () => openProcessModels(settings, { health, onClose }));
  const engines = await openEngines(settings, { name: 'standalone', log });
  onClose(() => engines.close());
  const { transport, jobs } = engines;
  const parts: Parts = { transport, jobs, log, database: { url: database.url, embedded: database.embedded } };
  const secretsKey = settings.SUPPORT101_SECRETS_KEY ?? (await data.secretsKey());
  const needs: ServiceNeeds = { models, secretsKey, publicUrl: settings.SUPPORT101_PUBLIC_URL, redisUrl: settings.REDIS_URL };
  const running = await timed(progress, 'services', () => bootServices(parts, needs, closers));
  engines.started();
  registerParts(health, { settings, running, engines });
  const given = settings.SUPPORT101_PLATFORM_KEY;
  const platform = given === undefined ? await data.platformKey() : { key: given, isNew: false };
  const client = new CommandClient(transport);
  const demo =
    settings.SUPPORT101_DEMO === '1'
      ? await timed(progress, 'demo tenant', () => new DemoService(client, data).open())
      : undefined;
  const door = await openDoor(settings, { parts, health, log, platformKey: platform.key }, closers);
  ready();
  return {
    url: door.url,
    health,
    demo,
    newPlatformKey: platform.isNew ? platform.key : undefined,
    dataDirectory: data.path,
    portNote: door.note,
    close: async () => {
      health.drain();
      await closeAll(closers);
    },
  };
}

async function bootServices(parts: Parts, needs: ServiceNeeds, closers: Closers): Promise<RunningService[]> {
  const running: RunningService[] = [];
  closers.push(async () => {
    await Promise.all(running.map((service) => service.stopWork()));
    await Promise.all(running.map((service) => service.close()));
  });
  for (const definition of services(needs)) {
    running.push(
      await bootService(definition, parts).catch((error: unknown) => {
        throw explainDatabase(error);
      }),
    );
  }
  return running;
}

interface Door {
  readonly parts: Parts;
  readonly health: HealthBoard;
  readonly log: Log;
  readonly platformKey: string;
}

async function openDoor(settings: StandaloneSettings, door: Door, closers: Closers): Promise<{ url: string; note?: string }> {
  const gateway = await createGateway({
    transport: door.parts.transport,
    registry,
    health: door.health,
    log: door.log,
    settings: { platformKey: door.platformKey },
    ...(settings.REDIS_URL === undefined ? {} : { redisUrl: settings.REDIS_URL }),
  });
  closers.push(() => gateway.close());
  try {
    await gateway.listen(settings.PORT, settings.HOST);
    return { url: gateway.url };
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    await gateway.listen(0, settings.HOST);
    return { url: gateway.url, note: `Port ${settings.PORT} is taken: using ${new URL(gateway.url).port}.` };
  }
}

async function openEngine(
  settings: StandaloneSettings,
  data: DataDirectory,
  progress: Progress,
): Promise<EmbeddedPostgres & { embedded: boolean }> {
  if (settings.DATABASE_URL !== undefined) return { url: settings.DATABASE_URL, embedded: false, close: () => Promise.resolve() };
  const embedded = await startEmbedded({ directory: data.databasePath, onProgress: (message) => progress(message) });
  return { url: embedded.url, embedded: true, close: () => embedded.close() };
}

async function timed<T>(progress: Progress, message: string, run: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await run();
  progress(message, (performance.now() - started) / 1000);
  return result;
}
