import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

/** A span as it arrived. */
export interface CollectedSpan {
  /** The process that sent it. */
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** An OpenTelemetry collector on the loopback interface; it speaks OTLP over HTTP in JSON. */
export interface FakeCollector {
  readonly url: string;
  /** Every span that arrived, in the order of arrival. */
  readonly spans: readonly CollectedSpan[];
  /** How often something arrived, by path: spans come to `/v1/traces`. */
  readonly deliveries: ReadonlyMap<string, number>;
  /** What a process needs in its environment to send its spans here, soon. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes?: readonly Attribute[];
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Starts a collector that keeps what it is sent. */
export async function fakeCollector(): Promise<FakeCollector> {
  const spans: CollectedSpan[] = [];
  const deliveries = new Map<string, number>();
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const path = request.url ?? '';
      deliveries.set(path, (deliveries.get(path) ?? 0) + 1);
      if (path === '/v1/traces') spans.push(...spansOf(JSON.parse(body) as OtlpTraces));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    spans,
    deliveries,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function spansOf({ resourceSpans }: OtlpTraces): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = plain(resource.attributes)['service.name'] ?? '';
    return scopeSpans.flatMap((scope) =>
      scope.spans.map(({ name, traceId, spanId, parentSpanId, attributes = [] }) => {
        return { service, name, traceId, spanId, parentSpanId, attributes: plain(attributes) };
      }),
    );
  });
}

/** Those that are text. */
function plain(attributes: readonly Attribute[]): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? '']));
}
