import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { currentTraceparent, inJobSpan } from './tracing.js';

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});

afterAll(() => {
  trace.disable();
  context.disable();
});

describe('inJobSpan', () => {
  it('goes on with the trace that queued the job, and notes a failure', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    let inside: string | undefined;

    const failed = inJobSpan('job things.make', {}, traceparent, async () => {
      inside = currentTraceparent();
      throw new Error('broken');
    });
    await expect(failed).rejects.toThrow('broken');

    const [span] = exporter.getFinishedSpans();
    expect(inside).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(span).toMatchObject({ name: 'job things.make', kind: SpanKind.CONSUMER, status: { message: 'broken' } });
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(currentTraceparent()).toBeUndefined();
  });

  it('ignores a traceparent that is none', async () => {
    const inside = await inJobSpan('job', {}, '00-zz', async () => currentTraceparent());

    expect(inside).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  });
});
