/** What the ledger says about a call. */
export interface EffectRow {
  readonly state: 'pending' | 'committed' | 'unknown';
  readonly attempt: number;
  readonly result: unknown;
}

/** What to do about a call that the ledger knows already. */
export type Standing =
  | { readonly kind: 'done'; readonly result: unknown }
  /** It has not happened, or a person wants it called again. */
  | { readonly kind: 'call' }
  | { readonly kind: 'skip' }
  /** Nobody knows whether it happened. */
  | { readonly kind: 'ask'; readonly attempt: number };

/**
 * `atomic`: the effect is committed with its entry, so a pending one has not happened. `verdict` is what a person decided
 * about this try.
 */
export function standingOf({ state, attempt, result }: EffectRow, atomic: boolean, verdict: string | undefined): Standing {
  if (state === 'committed') return { kind: 'done', result };
  if (atomic || verdict === 'retry') return { kind: 'call' };
  return verdict === 'skip' ? { kind: 'skip' } : { kind: 'ask', attempt };
}

const undone: readonly string[] = ['service_unavailable', 'rate_limited', 'validation_failed', 'forbidden', 'unauthenticated'];

/** True when a call that failed in this way has surely had no effect: nobody heard it, or it was refused. */
export function hadNoEffect(code: string | undefined): boolean {
  return code !== undefined && (undone.includes(code) || code.endsWith('_not_found') || code === 'tool_input_invalid');
}
