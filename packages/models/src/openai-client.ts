import { DomainError, isDomainError } from '@support101/contracts';
import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, DelegateBackoff, handleWhen, retry, wrap } from 'cockatiel';
import OpenAI from 'openai';
import { isTransient, pauseBeforeRetry, refusalDetail, retryAfterSeconds, type RetryTiming } from './openai-errors.js';

/** How long and how often the provider is asked. Milliseconds. */
export interface CallLimits extends RetryTiming {
  /** One attempt. */
  readonly timeoutMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Failed attempts in a row after which no more are made for a while. */
  readonly breakAfter: number;
  readonly breakForMs: number;
}

/** Three attempts of 60 s, pauses from 0.5 s, a `Retry-After` of up to 20 s honoured; 30 s of rest after five failures in a row. */
export const callLimits: CallLimits = {
  timeoutMs: 60_000,
  retries: 2,
  firstPauseMs: 500,
  longestPauseMs: 20_000,
  breakAfter: 5,
  breakForMs: 30_000,
};

/** A guarded door to an OpenAI-compatible server. Each has a circuit breaker of its own. */
export class OpenAiClient {
  private readonly api: OpenAI;
  private readonly policy;

  constructor(options: { apiKey: string; baseUrl: string | undefined; limits: CallLimits; random: () => number }) {
    const { limits } = options;
    this.api = new OpenAI({
      apiKey: options.apiKey,
      timeout: limits.timeoutMs,
      // Retrying is done here, where a pause can be told apart from a hopeless case.
      maxRetries: 0,
      ...(options.baseUrl === undefined ? {} : { baseURL: options.baseUrl }),
    });
    const retrying = retry(
      handleWhen((error) => isTransient(error) && (retryAfterSeconds(error) ?? 0) * 1000 <= limits.longestPauseMs),
      {
        maxAttempts: limits.retries,
        backoff: new DelegateBackoff(({ attempt, result }: { attempt: number; result: object }) =>
          pauseBeforeRetry('error' in result ? result.error : undefined, attempt, limits, options.random()),
        ),
      },
    );
    // Being asked to slow down is no sign that the provider is down.
    const breaking = circuitBreaker(
      handleWhen((error) => isTransient(error) && !(error instanceof OpenAI.RateLimitError)),
      { breaker: new ConsecutiveBreaker(limits.breakAfter), halfOpenAfter: limits.breakForMs },
    );
    this.policy = wrap(retrying.dangerouslyUnref(), breaking);
  }

  /** Makes a call with retries. Rejects with `model_unavailable`, or at once with the signal's reason. */
  async call<T>(run: (api: OpenAI, options: { signal: AbortSignal }) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    // cockatiel sits out a pause even when the signal has been aborted: such a pause must not keep the process alive,
    // while a call that somebody waits for must.
    const hold = setInterval(() => undefined, 60_000);
    try {
      const work = this.policy.execute(async () => {
        signal.throwIfAborted();
        return run(this.api, { signal });
      }, signal);
      return await Promise.race([work, aborted(signal, work)]);
    } catch (error) {
      signal.throwIfAborted();
      throw isDomainError(error) ? error : unavailable(error);
    } finally {
      clearInterval(hold);
    }
  }
}

function aborted(signal: AbortSignal, work: Promise<unknown>): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    work.catch(() => undefined).finally(() => signal.removeEventListener('abort', stop));
  });
}

function unavailable(error: unknown): DomainError {
  const seconds = retryAfterSeconds(error);
  const detail =
    error instanceof BrokenCircuitError ? 'The model provider has failed repeatedly and is given a rest.' : refusalDetail(error);
  return new DomainError('model_unavailable', detail, {
    cause: error,
    facts: { provider: error instanceof Error ? error.message : String(error) },
    ...(seconds === undefined ? {} : { retryAfterSeconds: Math.ceil(seconds) }),
  });
}
