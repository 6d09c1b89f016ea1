import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import type { RunOutcome, RunStatus, RunUsage } from '@support101/contracts/agent-runtime';

/** What news is about, and what may be told with it. */
export type Topic<News = never> = string & { readonly news?: News };

/**
 * News inside this process, for whoever waits for it just now. The other processes do not hear it, so whoever waits also
 * looks at the database from time to time.
 */
@Injectable()
export class Notices {
  readonly #events = new EventEmitter().setMaxListeners(0);

  tell<News>(topic: Topic<News>, news?: News): void {
    this.#events.emit(topic, news);
  }

  /** Calls `listener` at each news of the topic until the answer is called. */
  listen(topic: string, listener: () => void): () => void {
    this.#events.on(topic, listener);
    return () => this.#events.off(topic, listener);
  }

  /**
   * Resolves at the next news of the topic with what was told, or with nothing when `timeoutMs` have passed or the signal
   * fires.
   */
  next<News>(topic: Topic<News>, timeoutMs: number, signal?: AbortSignal): Promise<News | undefined> {
    return new Promise((resolve) => {
      const heard = (news?: News): void => {
        clearTimeout(timer);
        this.#events.off(topic, heard);
        signal?.removeEventListener('abort', stopped);
        resolve(news);
      };
      const stopped = (): void => heard();
      const timer = setTimeout(stopped, timeoutMs);
      this.#events.once(topic, heard);
      if (signal?.aborted === true) stopped();
      else signal?.addEventListener('abort', stopped, { once: true });
    });
  }
}

/** How a run has ended, as its row says it. */
export interface EndOfRun {
  readonly status: Extract<RunStatus, 'completed' | 'failed' | 'cancelled' | 'timed_out'>;
  readonly output: Readonly<Record<string, unknown>> | null;
  readonly outcome: RunOutcome;
  readonly error: { readonly code: string; readonly detail: string } | null;
  readonly stepsCount: number;
  readonly usage: RunUsage;
  readonly completedAt: Date;
}

/** The topic of all that callers wait for about a run: how it has ended, or that a person can be seen to be asked. */
export function newsOf(runId: string): Topic<EndOfRun> {
  return `news ${runId}`;
}
