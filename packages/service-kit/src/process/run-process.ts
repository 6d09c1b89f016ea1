import { measures } from '@support101/telemetry';
import { HealthBoard } from '../health.js';
import { createLog, type Log } from '../log.js';
import { startMetrics } from '../metrics.js';
import { exitConfiguration, SettingsError, type ProcessSettings } from '../settings.js';
import { startTelemetry } from '../telemetry.js';
import { openManagementServer } from './management-server.js';

/** Lets go of one thing that was opened. */
export type Closer = () => Promise<void>;

/** What a process has while it starts and runs. */
export interface ProcessContext {
  readonly log: Log;
  readonly health: HealthBoard;
  /** Runs when the process ends, the last one given first. */
  onClose(close: Closer): void;
}

/** A process: how it reads its settings, and how it starts. */
export interface ProcessPlan<S> {
  readonly name: string;
  /** Throws SettingsError. */
  readonly settings: () => S;
  readonly start: (settings: S, context: ProcessContext) => Promise<void>;
}

/**
 * Runs one process until it is told to stop, with logs, telemetry, metrics and its management port; gives the exit
 * code: 0 after a stop, 78 when its settings or the servers they name cannot be used, 1 when it cannot start otherwise.
 */
export async function runProcess<S extends ProcessSettings>(plan: ProcessPlan<S>): Promise<number> {
  return runToEnd(plan.name, async (onClose) => {
    const settings = plan.settings();
    const stopped = untilSignalled();
    await start(plan, settings, onClose);
    await stopped;
  });
}

/** Does `work`, then closes what it opened, the last one first; says on stderr what went wrong. Gives the exit code. */
export async function runToEnd(name: string, work: (onClose: ProcessContext['onClose']) => Promise<void>): Promise<number> {
  const closers: Closer[] = [];
  try {
    await work((close) => void closers.push(close));
    return 0;
  } catch (error) {
    const isSettings = error instanceof SettingsError;
    const text = error instanceof Error ? ((isSettings ? undefined : error.stack) ?? error.message) : String(error);
    process.stderr.write(`${name}: ${text}\n`);
    return isSettings ? exitConfiguration : 1;
  } finally {
    await closeAll(closers);
  }
}

async function start<S extends ProcessSettings>(
  plan: ProcessPlan<S>,
  settings: S,
  onClose: ProcessContext['onClose'],
): Promise<void> {
  const began = performance.now();
  const log = createLog({ name: plan.name, level: settings.LOG_LEVEL });
  const health = new HealthBoard();
  const ready = health.starting();
  const managementPort = await openObservation(plan.name, settings, { log, health, onClose });
  await plan.start(settings, { log, health, onClose });
  // First of all when it ends: nobody sends new work to a process that is not ready.
  onClose(async () => health.drain());
  ready();
  const startedMs = Math.round(performance.now() - began);
  log.info({ managementPort, startedMs }, 'ready');
}

/** What a process says where about itself. Without a management port it measures nothing. */
export interface ObservationSettings {
  readonly HOST: string;
  readonly MANAGEMENT_PORT?: number | undefined;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
}

/** Starts the traces, metrics and management port of a process; gives the port. Throws SettingsError when it is taken. */
export async function openObservation(
  name: string,
  settings: ObservationSettings,
  { log, health, onClose }: ProcessContext,
): Promise<number | undefined> {
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  const telemetry = await startTelemetry({
    serviceName: name,
    ...(endpoint === undefined ? {} : { endpoint }),
    onFailure: (reason, times) => log.warn({ endpoint, reason, times }, 'spans could not be exported'),
  });
  onClose(() => telemetry.close());
  if (settings.MANAGEMENT_PORT === undefined) return undefined;
  const metrics = startMetrics(name);
  onClose(() => metrics.close());
  const hide = measures.readyProcesses.observe(async (observe) => observe((await health.report()).ready ? 1 : 0, {}));
  onClose(async () => hide());
  const management = await openManagementServer({
    host: settings.HOST,
    port: settings.MANAGEMENT_PORT,
    health,
    metrics: () => metrics.render(),
  });
  onClose(() => management.close());
  return management.port;
}

/** Closes what was opened, last first; a failure does not keep the rest open. */
export async function closeAll(closers: Closer[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close().catch(() => undefined);
}

/** Resolves at Ctrl-C or a polite kill. A second signal ends the process at once. */
export function untilSignalled(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}
