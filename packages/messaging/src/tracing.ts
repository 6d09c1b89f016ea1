import type { Span } from '@opentelemetry/api';
import { errorCatalogue, isDomainError } from '@support101/contracts';
import { inSpan as inPlainSpan, markFailed as markPlainly, type SpanStart } from '@support101/telemetry';

export { activeOr, currentTraceparent, inDetailSpan, remoteContext } from '@support101/telemetry';

/** Runs `run` inside a span that ends with it and notes its failure. */
export function inSpan<T>(name: string, start: SpanStart, run: (span: Span) => Promise<T>): Promise<T> {
  return inPlainSpan(name, start, run, markFailed);
}

/** Notes a failure on a span; a refusal that is the caller's doing only by its code. */
export function markFailed(span: Span, error: unknown): void {
  const code = isDomainError(error) ? error.code : undefined;
  if (code !== undefined) span.setAttribute('support101.error', code);
  if (code !== undefined && errorCatalogue[code].status < 500) return;
  markPlainly(span, error);
}
