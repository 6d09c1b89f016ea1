import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';

/** Stops telemetry after flushing what is buffered. */
export interface Telemetry {
  close(): Promise<void>;
}

/** Where the process' spans go. */
export interface TelemetryOptions {
  readonly serviceName: string;
  /** An OpenTelemetry collector. The SDK reads it and its other OTEL_* settings from the environment by itself, as operators expect. */
  readonly endpoint?: string;
  /** Takes the spans instead: for tests. */
  readonly exporter?: SpanExporter;
  /** Told when spans cannot be exported: at first, then once in a while with how often it happened. */
  readonly onFailure?: (reason: string, times: number) => void;
}

/**
 * Starts tracing for the process. With an `endpoint` spans go to that OpenTelemetry collector through the full SDK,
 * which is loaded only then (it is large); with an `exporter` they go there; with neither, ids still flow through every
 * message and log line, and no span is recorded.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  if (options.endpoint !== undefined) {
    const { startExporting } = await import('./telemetry-export.js');
    return closing(startExporting(options.serviceName, options.onFailure ?? (() => undefined)));
  }
  const { exporter } = options;
  const provider = new TracerProvider(
    exporter === undefined
      ? // What a caller wants recorded stays marked as such on its way through this process.
        { sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) }
      : { spanProcessors: [new SimpleSpanProcessor({ exporter })] },
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return closing(() => provider.shutdown());
}

/** After it the process, or its next test, may trace anew. */
function closing(shutdown: () => Promise<void>): Telemetry {
  return {
    close: async () => {
      await shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}
