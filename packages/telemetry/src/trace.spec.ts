import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemorySpanExporter,
  ParentBasedSampler,
  AlwaysOffSampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { activeOr, currentTraceparent, inDetailSpan, inSpan, remoteContext } from './trace.js';

const exporter = new InMemorySpanExporter();
const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = (flags: string) => `00-${traceId}-b7ad6b7169203331-${flags}`;
const internal = { kind: SpanKind.INTERNAL };

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const sampler = new ParentBasedSampler({ root: new AlwaysOffSampler() });
  trace.setGlobalTracerProvider(new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});

beforeEach(() => exporter.reset());

afterAll(() => {
  trace.disable();
  context.disable();
});

describe('a span', () => {
  it('belongs to the trace of its parent, and what runs in it to the same', async () => {
    const inside = await inSpan('work', { ...internal, parent: remoteContext(traceparent('01')) }, async () =>
      currentTraceparent(),
    );

    const [span] = exporter.getFinishedSpans();
    expect(inside).toBe(`00-${traceId}-${span?.spanContext().spanId}-01`);
    expect(currentTraceparent()).toBeUndefined();
  });

  it('is left out in detail where nobody records the trace, which goes on all the same', async () => {
    const inside = (flags: string) =>
      inSpan('work', { ...internal, parent: remoteContext(traceparent(flags)) }, () =>
        inDetailSpan('detail', internal, async () => currentTraceparent()),
      );

    const [recorded, unrecorded, alone] = [
      await inside('01'),
      await inside('00'),
      await inDetailSpan('detail', internal, async () => currentTraceparent()),
    ];

    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['detail', 'work']);
    expect(recorded).toMatch(new RegExp(`^00-${traceId}-.*-01$`));
    expect(unrecorded).toMatch(new RegExp(`^00-${traceId}-.*-00$`));
    expect(alone).toBeUndefined();
  });

  it('notes the failure of what runs in it, and passes it on', async () => {
    const start = { ...internal, parent: remoteContext(traceparent('01')) };

    await expect(inSpan('work', start, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');

    expect(exporter.getFinishedSpans()[0]?.status.message).toBe('broken');
  });
});

describe('a traceparent', () => {
  it.each(['', '00-0-0-0', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, '00-zz'])('that is none is ignored: %j', (text) => {
    expect(remoteContext(text)).toBe(ROOT_CONTEXT);
  });

  it('counts only where no trace is active', async () => {
    const given = traceparent('01').replace(traceId, 'f'.repeat(32));
    const start = { ...internal, parent: remoteContext(traceparent('01')) };

    const inside = await inSpan('work', start, async () => trace.getSpanContext(activeOr(given))?.traceId);

    expect(inside).toBe(traceId);
    expect(trace.getSpanContext(activeOr(given))?.traceId).toBe('f'.repeat(32));
  });
});
