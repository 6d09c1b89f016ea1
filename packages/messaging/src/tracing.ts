import {
  context,
  isSpanContextValid,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanKind,
} from '@opentelemetry/api';

const form = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/** The W3C traceparent of the active span, if there is one. */
export function currentTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

/** The active context with the given traceparent as parent; a missing or malformed one changes nothing. */
export function contextOf(traceparent: string | undefined): Context {
  const match = traceparent === undefined ? null : form.exec(traceparent);
  if (match === null) return context.active();
  const [, traceId = '', spanId = '', flags = '00'] = match;
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(remote) ? trace.setSpanContext(context.active(), remote) : context.active();
}

/** Runs `run` inside a span that ends with it and notes its failure. */
export async function inSpan<T>(
  name: string,
  options: { kind: SpanKind; attributes?: Attributes; parent?: Context },
  run: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = options.parent ?? context.active();
  const span = trace
    .getTracer('@support101/messaging')
    .startSpan(
      name,
      { kind: options.kind, ...(options.attributes === undefined ? {} : { attributes: options.attributes }) },
      parent,
    );
  try {
    return await context.with(trace.setSpan(parent, span), run, undefined, span);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    span.end();
  }
}
