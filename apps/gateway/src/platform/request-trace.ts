import { context, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { remoteContext } from '@support101/telemetry';

/** Starts the span of one HTTP request, below the caller's `traceparent` if there is a valid one. */
export function startRequestSpan(method: string, route: string, traceparent: string | undefined): Span {
  const attributes = { 'http.request.method': method, 'http.route': route };
  return trace
    .getTracer('@support101/gateway')
    .startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, remoteContext(traceparent));
}

/** Ends the span of a request with the status it was answered with. */
export function endRequestSpan(span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Runs `run` as part of the span: what it calls belongs to the request's trace. */
export function within<T>(span: Span, run: () => T): T {
  return context.with(trace.setSpan(context.active(), span), run);
}
