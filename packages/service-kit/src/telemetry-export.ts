import { diag, DiagLogLevel, logs } from '@opentelemetry/api';
import { envDetector, serviceInstanceIdDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';

/** How long the last spans may take to leave when the process ends, in milliseconds: a collector that is down must not hold it. */
const flushWithinMs = 2_000;

/** Time between two messages that spans cannot be exported, in milliseconds. */
const quietMs = 60_000;

/** Told why spans cannot be exported, and how often that happened since it was told last. */
type OnFailure = (reason: string, times: number) => void;

/**
 * Sends the process' spans, in batches, to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names, and gives the function
 * that ends it.
 */
export function startExporting(serviceName: string, onFailure: OnFailure): () => Promise<void> {
  const sdk = new NodeSDK({
    serviceName,
    instrumentations: [],
    // Metrics are scraped and logs are written to stderr: the collector gets spans.
    metricReaders: [],
    logRecordProcessors: [],
    // Not the process detector: it would send the command line.
    resourceDetectors: [envDetector, serviceInstanceIdDetector],
  });
  const told = seldom(onFailure);
  const silent = () => undefined;
  diag.setLogger(
    { error: told, warn: silent, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  sdk.start();
  return async () => {
    await within(flushWithinMs, sdk.shutdown().catch(silent));
    logs.disable();
    diag.disable();
  };
}

/** Tells the first failure, then at most one in `quietMs`. */
function seldom(tell: OnFailure): (message: string) => void {
  let times = 0;
  let quietUntil = 0;
  return (message) => {
    times += 1;
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + quietMs;
    tell(message, times);
    times = 0;
  };
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([work, late]);
  clearTimeout(timer);
}
