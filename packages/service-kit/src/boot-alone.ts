import { InProcessJobDriver } from '@support101/jobs';
import { CommandClient, InProcessTransport, type Transport } from '@support101/messaging';
import type { TimeSource } from '@support101/time';
import { createLog, type Log } from './log.js';
import { bootService, type RunningService, type ServiceDefinition } from './service.js';

/** One service with everything around it, as `bootAlone` gives it. */
export interface LoneService {
  readonly service: RunningService;
  /** Asks the service as another service would. */
  readonly client: CommandClient;
  /** On which a test can serve the contracts that the service needs, and observe its events. */
  readonly transport: Transport;
  close(): Promise<void>;
}

/**
 * Boots one service with in-process messaging and jobs on the given database: for its tests. `prepare` runs before the
 * service, so that it finds the contracts it asks at boot.
 */
export async function bootAlone(
  definition: ServiceDefinition,
  options: {
    database: { url: string; embedded: boolean };
    time?: TimeSource;
    log?: Log;
    prepare?: (transport: Transport) => Promise<void>;
  },
): Promise<LoneService> {
  const time = options.time === undefined ? {} : { time: options.time };
  const log = options.log ?? createLog({ name: definition.name, level: 'fatal' });
  const transport = new InProcessTransport({ log, ...time });
  const jobs = new InProcessJobDriver({ log, ...time });
  await options.prepare?.(transport);
  const service = await bootService(definition, { transport, jobs, database: options.database, log, ...time });
  transport.start();
  return {
    service,
    client: new CommandClient(transport, options.time),
    transport,
    close: async () => {
      await service.stopWork();
      await service.close();
      await jobs.close();
      await transport.close();
    },
  };
}
