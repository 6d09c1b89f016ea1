import type { z } from 'zod';

/** What a processor may know about the run it is in. */
export interface JobContext {
  readonly id: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Fires when the attempt has timed out or the process is shutting down; the attempt counts as failed unless it ends well. */
  readonly signal: AbortSignal;
}

/** What is known about a job whose attempts are used up. */
export interface Exhaustion {
  readonly id: string;
  readonly attempts: number;
  readonly error: Error;
}

/** What is to be done with a job whose attempts are used up. */
export type OnExhausted<P> = (payload: P, exhaustion: Exhaustion) => Promise<void> | void;

/** A kind of durable job inside one service; times in milliseconds. */
export interface JobDefinition<P = unknown> {
  /** `<capability>.<verb>`, unique in its service. */
  readonly name: string;
  readonly payload: z.ZodType<P>;
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Wait before the second try; doubles with each further one, up to an hour. */
  readonly backoffMs: number;
  /** How many of the queue run at once in one process; hands work only while fewer do. */
  readonly concurrency: number;
  /** How long one try may take. */
  readonly timeoutMs: number;
  /** Called after the last try failed, besides the log line; a processor with dependencies uses `@Exhausted`. */
  readonly onExhausted?: OnExhausted<P>;
}

/** Declares a kind of job. */
export function defineJob<P>(definition: JobDefinition<P>): JobDefinition<P> {
  if (!/^[a-z][a-z0-9.-]*$/.test(definition.name))
    throw new Error(`${definition.name}: a job's name has lower-case letters, digits, "." and "-"`);
  for (const field of ['attempts', 'concurrency', 'timeoutMs'] as const) {
    if (!Number.isInteger(definition[field]) || definition[field] < 1)
      throw new Error(`${definition.name}: ${field} must be at least 1`);
  }
  if (!(definition.backoffMs >= 0)) throw new Error(`${definition.name}: backoffMs must not be negative`);
  return Object.freeze({ ...definition });
}

/** One piece of due work as a refill finds it in the database. */
export interface RefillItem<P> {
  readonly id: string;
  readonly payload: P;
  readonly runAt?: Date;
  /** Continues this trace, when the database keeps it. */
  readonly traceparent?: string;
}
