/** What this package needs of a logger: pino's shape. */
export interface MessagingLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Writes nothing. */
export const silentLog: MessagingLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
