import OpenAI from 'openai';

/** How pauses between attempts grow. Milliseconds. */
export interface RetryTiming {
  readonly firstPauseMs: number;
  /** A provider that asks for a longer pause is not asked again. */
  readonly longestPauseMs: number;
}

/**
 * True for what may go better next time: the connection failed or timed out, the body was cut off, 408, 409, 429, 5xx.
 * Never for a refusal (4xx), an empty account, or what is not the provider's doing.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof OpenAI.APIUserAbortError) return false;
  const { status, code } = (error ?? {}) as { status?: unknown; code?: unknown };
  if (code === 'insufficient_quota') return false;
  if (typeof status === 'number') return status === 408 || status === 409 || status === 429 || status >= 500;
  return isBrokenConnection(error);
}

/** The pause the provider asks for, from `retry-after-ms` or `retry-after` (seconds). */
export function retryAfterSeconds(error: unknown): number | undefined {
  const headers = (error as { headers?: unknown } | null)?.headers;
  if (!(headers instanceof Headers)) return undefined;
  const milliseconds = Number(headers.get('retry-after-ms') ?? Number.NaN);
  const seconds = Number.isFinite(milliseconds) ? milliseconds / 1000 : Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/**
 * Milliseconds before attempt `attempt + 1`: what the provider asks for, else doubling from the first pause with jitter.
 * `random` is in [0, 1).
 */
export function pauseBeforeRetry(error: unknown, attempt: number, timing: RetryTiming, random: number): number {
  const asked = retryAfterSeconds(error);
  if (asked !== undefined) return Math.min(asked * 1000, timing.longestPauseMs);
  const grown = Math.min(timing.firstPauseMs * 2 ** (attempt - 1), timing.longestPauseMs);
  return Math.round(grown * (0.5 + random / 2));
}

/** What may be told of a failed call; the provider's own words go to the log only. */
export function refusalDetail(error: unknown): string {
  const { status, code } = (error ?? {}) as { status?: unknown; code?: unknown };
  if (code === 'insufficient_quota') return 'The account with the model provider is used up.';
  if (status === 401 || status === 403) return 'The model provider does not accept the configured key.';
  if (status === 404) return 'The model provider does not know the configured model.';
  if (status === 429) return 'The model provider asks to slow down.';
  if (typeof status === 'number' && status < 500) return `The model provider refused the request (${status}).`;
  if (typeof status === 'number') return `The model provider failed (${status}).`;
  return 'The model provider could not be reached.';
}

/** Some models think before they answer and take no temperature. */
export function takesTemperature(model: string): boolean {
  return !/^(o\d|gpt-([5-9]|\d{2}))/.test(model) || model.includes('-chat');
}

// A body that ends early is a SyntaxError of the parser or a TypeError of fetch.
function isBrokenConnection(error: unknown): boolean {
  if (error instanceof OpenAI.APIConnectionError) return true;
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  return name === 'SyntaxError' || (name === 'TypeError' && /terminated|fetch failed|network/i.test(String(message)));
}
