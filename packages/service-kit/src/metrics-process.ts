import type { Meter } from '@opentelemetry/api';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

const nanosecondsPerSecond = 1e9;
const resolutionMs = 20;

/** Shows what the process itself uses; the names are those that Prometheus' own clients give. */
export function observeProcess(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let lastLoop = performance.eventLoopUtilization();

  meter
    .createObservableCounter('process_cpu_seconds_total', { unit: 's', description: 'CPU time used, user and system' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1e6);
    });
  meter
    .createObservableGauge('process_resident_memory_bytes', { unit: 'By', description: 'Memory held, resident' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableGauge('process_start_time_seconds', { unit: 's', description: 'When the process started, Unix time' })
    .addCallback((result) => result.observe(performance.timeOrigin / 1_000));
  meter
    .createObservableGauge('support101_heap_used_bytes', { unit: 'By', description: 'JavaScript heap in use' })
    .addCallback((result) => result.observe(process.memoryUsage().heapUsed));
  meter
    .createObservableGauge('support101_event_loop_delay_seconds', {
      unit: 's',
      description: 'How late timers fired since the last scrape, by quantile',
    })
    .addCallback((result) => {
      for (const quantile of [0.5, 0.99, 1]) {
        const late = quantile === 1 ? delay.max : delay.percentile(quantile * 100);
        // The first value of a window that saw no timer is an impossible one.
        const seconds = Math.max(0, late / nanosecondsPerSecond - resolutionMs / 1_000);
        result.observe(delay.count === 0 ? 0 : seconds, { quantile: String(quantile) });
      }
      delay.reset();
    });
  meter
    .createObservableGauge('support101_event_loop_utilization_ratio', {
      unit: '1',
      description: 'Share of the time since the last scrape in which the event loop was busy',
    })
    .addCallback((result) => {
      const loop = performance.eventLoopUtilization();
      result.observe(performance.eventLoopUtilization(loop, lastLoop).utilization);
      lastLoop = loop;
    });
  return () => delay.disable();
}
