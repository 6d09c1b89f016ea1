import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { fakeCollector, type FakeCollector } from '@support101/testing';
import { startMetrics } from './metrics.js';
import { startTelemetry, type Telemetry } from './telemetry.js';

let collector: FakeCollector;
let telemetry: Telemetry | undefined;
const before = { ...process.env };

beforeEach(async () => {
  collector = await fakeCollector();
});

afterEach(async () => {
  await telemetry?.close();
  telemetry = undefined;
  process.env = { ...before };
  await collector.close().catch(() => undefined);
});

async function exporting(settings: Record<string, string>, failures: string[] = []): Promise<Telemetry> {
  Object.assign(process.env, collector.environment, settings);
  return startTelemetry({ serviceName: 'tenancy', endpoint: collector.url, onFailure: (reason) => failures.push(reason) });
}

const spanNames = () => collector.spans.map(({ name }) => name);

describe('spans that are exported', () => {
  it('leave in one batch, at the latest when the process ends, and say whose they are', async () => {
    telemetry = await exporting({ OTEL_BSP_SCHEDULE_DELAY: '60000' });
    for (let count = 0; count < 3; count += 1) trace.getTracer('test').startSpan(`work ${count}`).end();
    await telemetry.close();

    expect([...collector.deliveries]).toEqual([['/v1/traces', 1]]);
    expect(spanNames()).toEqual(['work 0', 'work 1', 'work 2']);
    expect(collector.spans[0]?.service).toBe('tenancy');
  });

  it('are sampled as the operator says before they are made, and a caller’s choice goes before', async () => {
    telemetry = await exporting({
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    });
    const dropped = trace.getTracer('test').startSpan('dropped');
    const remote = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1, isRemote: true };
    trace.getTracer('test').startSpan('kept', {}, trace.setSpanContext(ROOT_CONTEXT, remote)).end();
    dropped.end();
    await telemetry.close();

    expect(dropped.isRecording()).toBe(false);
    expect(spanNames()).toEqual(['kept']);
  });

  it('leave the measuring of the process alone', async () => {
    telemetry = await exporting({});

    const metrics = startMetrics('tenancy');
    const text = await metrics.render();
    await metrics.close();

    expect(text).toContain('process_resident_memory_bytes');
  });

  it('are lost without harm when the collector is away: told once, and the process ends in time', async () => {
    await collector.close();
    const failures: string[] = [];
    telemetry = await exporting({ OTEL_BSP_SCHEDULE_DELAY: '20', OTEL_EXPORTER_OTLP_TIMEOUT: '200' }, failures);
    for (let count = 0; count < 20; count += 1) {
      trace.getTracer('test').startSpan(`work ${count}`).end();
      await new Promise((resolve) => setTimeout(resolve, 25));
    }

    const startedAt = performance.now();
    await telemetry.close();

    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(failures).toEqual([expect.stringMatching(/ECONNREFUSED|timed? ?out|retry/i)]);
  });
});
