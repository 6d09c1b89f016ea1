import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { event, rpc, type Caller, type InputOf } from '@support101/contracts';
import type { Tx } from '@support101/database';
import 'reflect-metadata';
import { z } from 'zod';
import { Answers, Consumes, type Delivery } from './answers.js';
import { CommandClient } from './command-client.js';
import { ContractServer } from './contract-server.js';
import { InProcessTransport } from './in-process-transport.js';
import { Outbox } from './outbox.js';
import { currentTraceparent, inSpan, remoteContext } from './tracing.js';
import { acme } from './transport.conformance-spec.js';

const make = rpc('demo.things.make.v1', {
  summary: 'Make',
  access: { internal: true },
  input: z.object({ fail: z.boolean().default(false) }),
  output: z.object({ traceparent: z.string() }),
  errors: [],
});
const made = event('demo.things.made.v1', {
  summary: 'Made',
  data: z.object({ thing: z.string() }),
  resource: ({ thing }) => `thing:${thing}`,
  audit: 'data_modified',
});

const recorded: string[] = [];
const consumed: (string | undefined)[] = [];
const outbox = new Outbox('demo', { expect: () => undefined, take: () => undefined });
const transaction: Tx = {
  tenantId: acme,
  query: async (_text, values = []) => {
    const [row] = JSON.parse(values[0] as string) as [{ envelope: string }];
    recorded.push(row.envelope);
    return [];
  },
  afterCommit: (run) => run(),
};

@Controller()
class Things {
  @Answers(make)
  async make({ fail }: InputOf<typeof make>, caller: Caller): Promise<{ traceparent: string }> {
    if (fail) throw new Error('broken');
    await outbox.record(transaction, made, { thing: 'chair' }, caller);
    return { traceparent: currentTraceparent() ?? '' };
  }

  @Consumes(made, { durable: 'things' })
  async onMade({ caller }: Delivery<typeof made>): Promise<void> {
    consumed.push(caller.traceparent);
  }
}

@Module({ controllers: [Things] })
class DemoModule {}

const exporter = new InMemorySpanExporter();
const traceId = '0af7651916cd43dd8448eb211c80319c';
const caller: Caller = {
  tenantId: acme,
  principal: { type: 'key', id: 'key_1', roles: [] },
  correlationId: 'cor_1',
  traceparent: `00-${traceId}-b7ad6b7169203331-01`,
};
const transport = new InProcessTransport();

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  const strategy = new ContractServer({ service: 'demo', transport });
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(DemoModule, { strategy, logger: false });
  await app.listen();
  transport.start();
});

afterAll(async () => {
  await transport.close();
  trace.disable();
  context.disable();
});

it('one trace goes from the caller through the command into the event and its consumer', async () => {
  const client = new CommandClient(transport);

  const answer = await client.call(make, {}, caller);
  const envelope = JSON.parse(recorded[0] ?? '{}') as Parameters<InProcessTransport['publish']>[0][number];
  await transport.publish([envelope]);

  const spans = exporter.getFinishedSpans();
  const span = (name: string) => spans.find((candidate) => candidate.name === name);
  const [call, answered, consume] = [span(`call ${make.subject}`), span(`answer ${make.subject}`), span(`consume ${made.type}`)];
  expect(new Set(spans.map((each) => each.spanContext().traceId))).toEqual(new Set([traceId]));
  expect(call).toMatchObject({ kind: SpanKind.CLIENT, parentSpanContext: { spanId: 'b7ad6b7169203331' } });
  expect(answered).toMatchObject({ kind: SpanKind.SERVER, parentSpanContext: { spanId: call?.spanContext().spanId } });
  expect(consume).toMatchObject({ kind: SpanKind.CONSUMER, parentSpanContext: { spanId: answered?.spanContext().spanId } });
  expect(answer.traceparent).toBe(envelope.traceparent);
  expect(consumed).toEqual([`00-${traceId}-${consume?.spanContext().spanId}-01`]);
});

it('a failure marks the spans of both sides, without its text on the caller’s', async () => {
  const client = new CommandClient(transport);
  exporter.reset();

  await expect(client.call(make, { fail: true }, caller)).rejects.toMatchObject({ code: 'internal' });

  const [answered, called] = exporter.getFinishedSpans();
  expect(answered?.status.message).toBe('broken');
  expect(called?.attributes['support101.error']).toBe('internal');
});

it('a traceparent that is none starts a trace of its own', async () => {
  const inside = await inSpan('work', { kind: SpanKind.INTERNAL, parent: remoteContext('00-0-0-0') }, async () =>
    currentTraceparent(),
  );

  expect(inside).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(inside).not.toContain(traceId);
});
