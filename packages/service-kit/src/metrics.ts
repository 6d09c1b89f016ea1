import { metrics } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, InstrumentType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { observeProcess } from './metrics-process.js';

export { instruments, type Instrument } from '@support101/telemetry';

/** What the process has measured, for whoever asks. */
export interface Metrics {
  /** Everything in Prometheus' text format, collected now. */
  render(): Promise<string>;
  /** Measures no longer. */
  close(): Promise<void>;
}

/** How long each source that is asked at a scrape (the database, the broker) may take, in milliseconds. */
const collectWithinMs = 3_000;

/** Collects when it is asked and at no other time. What a gauge's source cannot tell now is left out, not repeated. */
class ScrapeReader extends MetricReader {
  constructor() {
    super({
      aggregationTemporalitySelector: (type) =>
        type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    });
  }

  protected override async onForceFlush(): Promise<void> {
    // There is nowhere to send anything.
  }

  protected override async onShutdown(): Promise<void> {
    // Nor anything to close.
  }
}

/**
 * Makes the process measure: from now on every instrument counts, and nothing is collected until `render` is called. A
 * process has one of these at a time; before it starts and after it closed, instruments cost nothing and keep nothing.
 */
export function startMetrics(serviceName: string): Metrics {
  const reader = new ScrapeReader();
  const resource = resourceFromAttributes({ 'service.name': serviceName });
  const provider = new MeterProvider({ resource, readers: [reader] });
  if (!metrics.setGlobalMeterProvider(provider)) throw new Error('this process measures already');
  const stopObserving = observeProcess();
  // Every series says whose it is, so that one query can compare services.
  const serializer = new PrometheusSerializer('', false, /^service\.name$/, false, true);
  return {
    render: async () => {
      // What one source could not tell is among the errors; what the others told is shown.
      const { resourceMetrics } = await reader.collect({ timeoutMillis: collectWithinMs });
      return serializer.serialize(resourceMetrics);
    },
    close: async () => {
      stopObserving();
      metrics.disable();
      await provider.shutdown();
    },
  };
}
