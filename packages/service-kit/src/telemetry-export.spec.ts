import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startMetrics } from './metrics.js';
import { startTelemetry, type Telemetry } from './telemetry.js';

interface Received {
  readonly path: string;
  readonly body: {
    resourceSpans: {
      resource: { attributes: { key: string; value: { stringValue?: string } }[] };
      scopeSpans: { spans: { name: string }[] }[];
    }[];
  };
}

const received: Received[] = [];
let collector: Server;
let telemetry: Telemetry | undefined;
const before = { ...process.env };

beforeEach(async () => {
  received.length = 0;
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString()) as Received['body'] });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await telemetry?.close();
  telemetry = undefined;
  process.env = { ...before };
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
});

async function exportingTo(port: number, settings: Record<string, string>, failures: string[] = []): Promise<Telemetry> {
  const endpoint = `http://127.0.0.1:${port}`;
  Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, settings);
  return startTelemetry({ serviceName: 'tenancy', endpoint, onFailure: (reason) => failures.push(reason) });
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

function spanNames(): string[] {
  const scopes = received.flatMap(({ body }) => body.resourceSpans).flatMap(({ scopeSpans }) => scopeSpans);
  return scopes.flatMap(({ spans }) => spans.map(({ name }) => name));
}

describe('spans that are exported', () => {
  it('leave in one batch, at the latest when the process ends, and say whose they are', async () => {
    telemetry = await exportingTo(portOf(collector), { OTEL_BSP_SCHEDULE_DELAY: '60000' });
    for (let count = 0; count < 3; count += 1) trace.getTracer('test').startSpan(`work ${count}`).end();
    await telemetry.close();

    const [first] = received;
    const attributes = first?.body.resourceSpans[0]?.resource.attributes ?? [];
    expect(received.map(({ path }) => path)).toEqual(['/v1/traces']);
    expect(spanNames()).toEqual(['work 0', 'work 1', 'work 2']);
    expect(attributes.find(({ key }) => key === 'service.name')?.value.stringValue).toBe('tenancy');
    expect(attributes.filter(({ key }) => key.startsWith('process.'))).toEqual([]);
  });

  it('are sampled as the operator says before they are made, and a caller’s choice goes before', async () => {
    telemetry = await exportingTo(portOf(collector), {
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    });
    const dropped = trace.getTracer('test').startSpan('dropped');
    const remote = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1, isRemote: true };
    const { ROOT_CONTEXT } = await import('@opentelemetry/api');
    trace.getTracer('test').startSpan('kept', {}, trace.setSpanContext(ROOT_CONTEXT, remote)).end();
    dropped.end();
    await telemetry.close();

    expect(dropped.isRecording()).toBe(false);
    expect(spanNames()).toEqual(['kept']);
  });

  it('leave the measuring of the process alone', async () => {
    telemetry = await exportingTo(portOf(collector), {});

    const metrics = startMetrics('tenancy');
    const text = await metrics.render();
    await metrics.close();

    expect(text).toContain('process_resident_memory_bytes');
  });

  it('are lost without harm when the collector is away: told once, and the process ends in time', async () => {
    const port = portOf(collector);
    await new Promise((resolve) => collector.close(resolve));
    const failures: string[] = [];
    telemetry = await exportingTo(port, { OTEL_BSP_SCHEDULE_DELAY: '20', OTEL_EXPORTER_OTLP_TIMEOUT: '200' }, failures);
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
