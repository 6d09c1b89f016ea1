import type { LoggerService } from '@nestjs/common';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino, type DestinationStream, type Logger } from 'pino';

/** A structured logger: `log.info({ runId }, 'run started')`. */
export type Log = Logger;

/** Token under which a service's Log is provided. */
export const LOG = Symbol('Log');

/** Makes the logger of a process or service. Secrets and credentials are removed from what it writes. */
export function createLog(options: { name: string; level?: string; destination?: DestinationStream }): Log {
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      base: { service: options.name },
      redact: {
        paths: [
          'authorization',
          '*.authorization',
          'key',
          '*.key',
          'secret',
          '*.secret',
          'password',
          '*.password',
          'apiKey',
          '*.apiKey',
        ],
        censor: '[removed]',
      },
      mixin: currentTrace,
      serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
    },
    options.destination ?? pino.destination({ fd: 2, sync: false }),
  );
}

function currentTrace(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined || !isSpanContextValid(span) ? {} : { traceId: span.traceId };
}

/** Lets Nest write through our logger; its start-up chatter becomes `debug`. */
export function nestLogger(log: Log): LoggerService {
  return {
    log: (message: unknown, ...rest: unknown[]) => log.debug({ rest }, String(message)),
    verbose: (message: unknown, ...rest: unknown[]) => log.trace({ rest }, String(message)),
    debug: (message: unknown, ...rest: unknown[]) => log.debug({ rest }, String(message)),
    warn: (message: unknown, ...rest: unknown[]) => log.warn({ rest }, String(message)),
    error: (message: unknown, ...rest: unknown[]) => log.error({ error: message, rest }, String(message)),
    fatal: (message: unknown, ...rest: unknown[]) => log.fatal({ error: message, rest }, String(message)),
  };
}
