import { measures } from '@support101/telemetry';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

const resolutionMs = 20;

/** Shows what the process itself uses, until the function that it gives is called. */
export function observeProcess(): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let lastLoop = performance.eventLoopUtilization();
  const stops = [
    measures.cpuSeconds.observe((observe) => {
      const { user, system } = process.cpuUsage();
      observe((user + system) / 1e6, {});
    }),
    measures.residentBytes.observe((observe) => observe(process.memoryUsage.rss(), {})),
    measures.heapBytes.observe((observe) => observe(process.memoryUsage().heapUsed, {})),
    measures.startTime.observe((observe) => observe(performance.timeOrigin / 1_000, {})),
    measures.loopDelay.observe((observe) => {
      for (const quantile of ['0.5', '0.99', '1']) {
        // A timer that fires in time has the resolution as its delay.
        const nanoseconds = delay.count === 0 ? 0 : delay.percentile(Number(quantile) * 100);
        observe(Math.max(0, nanoseconds / 1e9 - resolutionMs / 1_000), { quantile });
      }
      delay.reset();
    }),
    measures.loopUse.observe((observe) => {
      const loop = performance.eventLoopUtilization();
      observe(performance.eventLoopUtilization(loop, lastLoop).utilization, {});
      lastLoop = loop;
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    delay.disable();
  };
}
