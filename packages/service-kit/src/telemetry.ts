import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { SimpleSpanProcessor, TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace';

/** Stops telemetry after flushing what is buffered. */
export interface Telemetry {
  close(): Promise<void>;
}

/**
 * Starts tracing for the process. With an `endpoint` spans go to that OpenTelemetry collector through the full SDK,
 * which is loaded only then (it is large); with an `exporter` they go there (tests); with neither, ids still flow
 * through every message and log line, and nothing is exported.
 */
export async function startTelemetry(options: {
  serviceName: string;
  endpoint?: string;
  exporter?: SpanExporter;
}): Promise<Telemetry> {
  if (options.endpoint !== undefined) return startExporting(options.serviceName);
  const processors = options.exporter === undefined ? [] : [new SimpleSpanProcessor({ exporter: options.exporter })];
  const provider = new TracerProvider({ spanProcessors: processors });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    close: async () => {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

async function startExporting(serviceName: string): Promise<Telemetry> {
  // The SDK reads the endpoint and its other OTEL_* settings from the environment by itself, as operators expect.
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({ serviceName, instrumentations: [] });
  sdk.start();
  return { close: () => sdk.shutdown() };
}
