import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';

/**
 * News inside this process, for whoever waits for it just now. A hint and never the truth: the other processes do not
 * hear it, so whoever waits also looks at the database from time to time.
 */
@Injectable()
export class Notices {
  readonly #events = new EventEmitter().setMaxListeners(0);

  tell(topic: string): void {
    this.#events.emit(topic);
  }

  /** Calls `listener` at each news of the topic until the answer is called. */
  listen(topic: string, listener: () => void): () => void {
    this.#events.on(topic, listener);
    return () => this.#events.off(topic, listener);
  }

  /** Resolves at the next news of the topic, when `timeoutMs` have passed, or when the signal fires. */
  next(topic: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#events.off(topic, done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#events.once(topic, done);
      if (signal?.aborted === true) done();
      else signal?.addEventListener('abort', done, { once: true });
    });
  }
}

/** The topic of all that callers wait for about a run: it has ended, or a person can be seen to be asked. */
export function newsOf(runId: string): string {
  return `news ${runId}`;
}
