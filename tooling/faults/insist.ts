import { randomUUID } from 'node:crypto';
import { type Answer, ApiClient } from '../../test/api-client.ts';

/** How long one try may take, how long a client insists, and how long it pauses between tries, in milliseconds. */
const tryMs = 10_000;
const insistMs = 90_000;
const pauseMs = 150;

/** Not an answer to the question: the client cannot know whether it was done. */
const undecided = new Set([408, 429, 500, 502, 503, 504]);

/** What a client calls again through: any of the product's doors. */
export class Insistent {
  private readonly urls: readonly string[];
  private readonly key: string | undefined;
  #next = 0;
  /** Tries that came to nothing. */
  retries = 0;

  constructor(urls: readonly string[], key: string | undefined) {
    this.urls = urls;
    this.key = key;
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, body, { 'idempotency-key': randomUUID(), ...headers });
  }

  /**
   * Sends until it is answered: again after a lost connection, an error of the server or a full minute, with the same
   * idempotency key, so that the caller need not know whether the first one was done. Throws when it is not answered.
   */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const deadline = performance.now() + insistMs;
    for (;;) {
      const outcome = await this.#try(method, path, body, headers);
      if (typeof outcome !== 'string' && !this.#isUndecided(outcome)) return outcome;
      this.retries += 1;
      if (performance.now() > deadline) throw new Error(`${method} ${path} is not answered: ${JSON.stringify(outcome)}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** One try, through the next door; the failure in words where there is no answer. */
  async #try(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answer | string> {
    const url = this.urls[(this.#next += 1) % this.urls.length] ?? '';
    try {
      return await new ApiClient(url, this.key).send(method, path, body, headers, AbortSignal.timeout(tryMs));
    } catch (error) {
      return String(error instanceof Error ? (error.cause ?? error) : error);
    }
  }

  #isUndecided({ status, body }: Answer): boolean {
    return undecided.has(status) || String(body['code']) === 'idempotency_in_flight';
  }
}
