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
  type SpanContext,
  type SpanKind,
} from '@opentelemetry/api';

const form = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/** The W3C traceparent of the active span, if there is one. */
export function currentTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  return span === undefined ? undefined : traceparentOf(span);
}

/** The W3C traceparent of a span, if it has a valid one. */
export function traceparentOf(span: SpanContext): string | undefined {
  if (!isSpanContextValid(span)) return undefined;
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

/** How a span begins. */
export interface SpanStart {
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
  readonly parent: Context;
}

/** Runs `run` inside a span that ends with it and notes its failure, by `note` if it is given. */
export async function inSpan<T>(
  name: string,
  { kind, attributes = {}, parent }: SpanStart,
  run: (span: Span) => Promise<T>,
  note: (span: Span, error: unknown) => void = markFailed,
): Promise<T> {
  const span = trace.getTracer('support101').startSpan(name, { kind, attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), run, undefined, span);
  } catch (error) {
    note(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Like `inSpan`, below the active span and only where that one is recorded: what nobody looks at costs nothing. */
export async function inDetailSpan<T>(name: string, start: Omit<SpanStart, 'parent'>, run: () => Promise<T>): Promise<T> {
  if (trace.getActiveSpan()?.isRecording() !== true) return run();
  return inSpan(name, { ...start, parent: context.active() }, run);
}

/** Notes a failure on a span. */
export function markFailed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
}
