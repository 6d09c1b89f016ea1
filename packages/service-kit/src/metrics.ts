import { metrics as api } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { observeProcess } from './metrics-process.js';

/** What the process has measured, for whoever asks. */
export interface Metrics {
  /** Everything in Prometheus' text format, collected now. */
  render(): Promise<string>;
  /** Measures no longer. */
  close(): Promise<void>;
}

/** How long the sources that are asked at a scrape (the database, the broker) may take all together. */
const collectWithinMs = 3_000;

/**
 * Makes the process measure: from now on every instrument counts, and nothing is collected until `render` is called. A
 * process has one of these at a time; before it starts and after it closed, instruments cost nothing and keep nothing.
 */
export function startMetrics(serviceName: string): Metrics {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const resource = resourceFromAttributes({ 'service.name': serviceName });
  const provider = new MeterProvider({ resource, readers: [exporter] });
  if (!api.setGlobalMeterProvider(provider)) throw new Error('this process measures already');
  const stopObserving = observeProcess(provider.getMeter('support101'));
  const serializer = new PrometheusSerializer('', false, undefined, false, true);
  return {
    render: async () => {
      // What one source could not tell is left out; the others are shown.
      const { resourceMetrics } = await exporter.collect({ timeoutMillis: collectWithinMs });
      return serializer.serialize(resourceMetrics);
    },
    close: async () => {
      stopObserving();
      api.disable();
      await provider.shutdown();
    },
  };
}
