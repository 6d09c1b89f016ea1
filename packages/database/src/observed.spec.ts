import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { observed } from './observed.js';
import { detached } from './transaction.js';

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});

afterAll(() => {
  trace.disable();
  context.disable();
});

it('a transaction is a span of the trace it is part of; of a loop that serves many it is none', async () => {
  const transaction = () => observed({ schema: 'tenancy', kind: 'tenant' }, async () => 1);

  await trace.getTracer('test').startActiveSpan('request', async (request) => {
    await transaction();
    await detached(transaction);
    request.end();
  });
  await transaction();

  const [span, request] = exporter.getFinishedSpans();
  expect(exporter.getFinishedSpans()).toHaveLength(2);
  expect(span).toMatchObject({ name: 'transaction tenancy', attributes: { 'db.namespace': 'tenancy' } });
  expect(span?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
});
