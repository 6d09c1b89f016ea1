import { afterEach, describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { instruments, measures } from './instruments.js';
import { remembered } from './remembered.js';

/** A process that measures from now on; `read` gives the values of one instrument by their labels. */
function measuring() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return {
    read: async (name: string) => {
      await reader.forceFlush();
      const collected =
        exporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
      return collected
        .find(({ descriptor }) => descriptor.name === name)
        ?.dataPoints.map(({ value, attributes }) => ({ value, attributes }));
    },
    stop: async () => {
      metrics.disable();
      await provider.shutdown();
    },
  };
}

let stop: () => Promise<void> = async () => undefined;
afterEach(() => stop());

describe('instruments', () => {
  it('have names by the customs of Prometheus, each once', () => {
    const units: Record<string, RegExp> = { s: /_seconds(_total)?$/, By: /_bytes$/ };

    for (const { name, kind, unit } of instruments) {
      expect(name).toMatch(/^(support101|process)_[a-z0-9_]+$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
      expect(name).toMatch(units[unit] ?? /./);
    }
    expect(new Set(instruments.map(({ name }) => name)).size).toBe(instruments.length);
  });

  it('never have a label that grows with the number of tenants or of things', () => {
    const bounded = [
      'method',
      'route',
      'status',
      'command',
      'outcome',
      'durable',
      'state',
      'type',
      'schema',
      'kind',
      'job',
      'quantile',
    ];

    expect(instruments.flatMap(({ labels }) => labels).filter((label) => !bounded.includes(label))).toEqual([]);
  });

  it('count for the process that measures, and for nobody else', async () => {
    measures.deadLetters.add({ durable: 'before' });
    const first = measuring();
    measures.deadLetters.add({ durable: 'a' }, 2);
    measures.deadLetters.add({ durable: 'a' });
    const counted = await first.read('support101_dead_letters_total');
    await first.stop();
    const second = measuring();
    stop = second.stop;
    measures.deadLetters.add({ durable: 'b' });

    expect(counted).toEqual([{ value: 3, attributes: { durable: 'a' } }]);
    expect(await second.read('support101_dead_letters_total')).toEqual([{ value: 1, attributes: { durable: 'b' } }]);
  });

  it('sort durations into classes of seconds', async () => {
    const process = measuring();
    stop = process.stop;

    measures.jobsEnded.since(performance.now() - 70, { job: 'demo.make', outcome: 'done' });

    const [point] = (await process.read('support101_job_duration_seconds')) ?? [];
    const histogram = point?.value as Histogram | undefined;
    expect(histogram?.count).toBe(1);
    expect(histogram?.buckets.boundaries[histogram.buckets.counts.indexOf(1)]).toBe(0.1);
  });

  it('ask the sources of a gauge at each collection until they end', async () => {
    const process = measuring();
    stop = process.stop;
    let waiting = 3;
    const ends = [
      measures.outboxRows.observe((observe) => observe(waiting, { schema: 'a' })),
      measures.outboxRows.observe(async (observe) => observe(7, { schema: 'b' })),
      measures.outboxRows.observe(() => Promise.reject(new Error('the database is away'))),
    ];

    const before = await process.read('support101_outbox_waiting_events');
    waiting = 4;
    ends[1]?.();
    const after = await process.read('support101_outbox_waiting_events');

    expect(before?.map(({ value }) => value)).toEqual([3, 7]);
    expect(after).toEqual([{ value: 4, attributes: { schema: 'a' } }]);
  });
});

describe('remembered', () => {
  it('asks once for all who ask at the same time and shortly after', async () => {
    let asked = 0;
    const read = remembered(60_000, async () => (asked += 1));

    const together = await Promise.all([read(), read()]);

    expect([...together, await read()]).toEqual([1, 1, 1]);
  });

  it('asks again when the time is over or the answer was a failure', async () => {
    let asked = 0;
    const failing = remembered(60_000, async () => {
      if ((asked += 1) === 1) throw new Error('away');
      return asked;
    });
    const brief = remembered(0, async () => (asked += 1));

    await expect(failing()).rejects.toThrow('away');

    expect(await failing()).toBe(2);
    expect([await brief(), await brief()]).toEqual([3, 4]);
  });
});
