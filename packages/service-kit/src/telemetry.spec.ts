import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createLog } from './log.js';
import { startTelemetry, type Telemetry } from './telemetry.js';

let telemetry: Telemetry | undefined;

afterEach(async () => {
  await telemetry?.close();
  telemetry = undefined;
});

describe('startTelemetry', () => {
  it('delivers spans to the exporter, children under their parent', async () => {
    const exporter = new InMemorySpanExporter();
    telemetry = await startTelemetry({ serviceName: 'test', exporter });

    trace.getTracer('test').startActiveSpan('outer', (outer) => {
      trace.getTracer('test').startActiveSpan('inner', (inner) => inner.end());
      outer.end();
    });

    const [inner, outer] = exporter.getFinishedSpans();
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  });

  it('puts the trace id on every log line and removes secrets', async () => {
    telemetry = await startTelemetry({ serviceName: 'test' });
    const lines: string[] = [];
    const log = createLog({ name: 'test', destination: { write: (line: string) => void lines.push(line) } });

    trace.getTracer('test').startActiveSpan('outer', (span) => {
      log.info({ apiKey: 's101_abc' }, 'hello');
      span.end();
    });

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      apiKey: '[removed]',
      msg: 'hello',
    });
  });
});
