import { afterEach, describe, expect, it } from '@jest/globals';
import { startMetrics, type Metrics } from './metrics.js';

let metrics: Metrics | undefined;

afterEach(async () => {
  await metrics?.close();
  metrics = undefined;
});

describe('startMetrics', () => {
  it('renders what the process uses and whose it is', async () => {
    metrics = startMetrics('tenancy');

    const text = await metrics.render();

    expect(text).toContain('target_info{service_name="tenancy"} 1');
    expect(valueOf(text, 'process_resident_memory_bytes{service_name="tenancy"}')).toBeGreaterThan(10_000_000);
    expect(valueOf(text, 'process_cpu_seconds_total{service_name="tenancy"}')).toBeGreaterThan(0);
    expect(valueOf(text, 'support101_event_loop_delay_seconds{quantile="0.5",service_name="tenancy"}')).toBeLessThan(10);
  });

  it('refuses a second one while the first measures, and can start again after it', async () => {
    metrics = startMetrics('tenancy');

    expect(() => startMetrics('tenancy')).toThrow('measures already');
    await metrics.close();
    metrics = startMetrics('tenancy');

    expect(await metrics.render()).toContain('process_resident_memory_bytes');
  });
});

function valueOf(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? Number.NaN);
}
