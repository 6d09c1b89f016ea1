/** What this package needs of a logger: pino's shape. */
export interface JobsLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Writes nothing. */
export const silentLog: JobsLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
