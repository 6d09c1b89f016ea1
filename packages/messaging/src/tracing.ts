import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanKind,
} from '@opentelemetry/api';
import { errorCatalogue, isDomainError } from '@support101/contracts';

const form = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/** The W3C traceparent of the active span, if there is one. */
export function currentTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

/** A context whose parent is the given traceparent and nothing of the running code; a malformed one is ignored. */
export function remoteContext(traceparent: string | undefined): Context {
  const match = traceparent === undefined ? null : form.exec(traceparent);
  if (match === null) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = '00'] = match;
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(remote) ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
}

/** The active context where it is part of a trace, else the one of the given traceparent. */
export function activeOr(traceparent: string | undefined): Context {
  return trace.getSpanContext(context.active()) === undefined ? remoteContext(traceparent) : context.active();
}

/** Runs `run` inside a span that ends with it and notes its failure. */
export async function inSpan<T>(
  name: string,
  options: { kind: SpanKind; attributes?: Attributes; parent: Context },
  run: (span: Span) => Promise<T>,
): Promise<T> {
  const { kind, attributes = {}, parent } = options;
  const span = trace.getTracer('@support101/messaging').startSpan(name, { kind, attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), run, undefined, span);
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Notes a failure on a span; a refusal that is the caller's doing only by its code. */
export function markFailed(span: Span, error: unknown): void {
  const code = isDomainError(error) ? error.code : undefined;
  if (code !== undefined) span.setAttribute('support101.error', code);
  if (code !== undefined && errorCatalogue[code].status < 500) return;
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
}
