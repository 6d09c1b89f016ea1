import { SpanKind, type Attributes } from '@opentelemetry/api';
import { inSpan, remoteContext } from '@support101/telemetry';

export { currentTraceparent } from '@support101/telemetry';

/** Runs one try of a job in a span of its own, in the trace that queued it. */
export function inJobSpan<T>(
  name: string,
  attributes: Attributes,
  traceparent: string | undefined,
  run: () => Promise<T>,
): Promise<T> {
  return inSpan(name, { kind: SpanKind.CONSUMER, attributes, parent: remoteContext(traceparent) }, run);
}
