import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startMetrics, startTelemetry, type Metrics, type Telemetry } from '@support101/service-kit';
import { eventually } from '@support101/testing';
import { createThing } from './demo-contracts.js';
import { GatewayFixture, keys, thingId } from './gateway-fixture.js';

type Exporter = NonNullable<Parameters<typeof startTelemetry>[0]['exporter']>;
type Spans = Parameters<Exporter['export']>[0];

const spans: Spans[number][] = [];
const exporter: Exporter = {
  export: (finished, done) => {
    spans.push(...finished);
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};

let telemetry: Telemetry;
let metrics: Metrics;
let gateway: GatewayFixture;
let passedOn: string | undefined;

beforeAll(async () => {
  telemetry = await startTelemetry({ serviceName: 'test', exporter });
  metrics = startMetrics('gateway');
  gateway = await GatewayFixture.start();
  await gateway.answer(createThing, (_, { traceparent }) => {
    passedOn = traceparent;
    return { thingId, name: 'x', version: 1 };
  });
});
afterAll(async () => {
  await gateway.close();
  await metrics.close();
  await telemetry.close();
});

it('puts a request, finding out who asks, and the command into one trace', async () => {
  const response = await gateway.fetch('/v1/things', { method: 'POST', key: keys.admin, body: { name: 'x' } });

  const [, traceId] = response.headers.get('traceparent')?.split('-') ?? [];
  await eventually(() => expect(spans.map(({ name }) => name)).toContain('POST /v1/things'), 2_000);
  const request = spans.find(({ name }) => name === 'POST /v1/things');
  const below = spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === request?.spanContext().spanId);
  expect(request?.attributes).toMatchObject({ 'http.route': '/v1/things', 'http.response.status_code': 201 });
  expect(below.map(({ name }) => name)).toEqual(['call tenancy.api-keys.authenticate.v1', 'call demo.things.create.v1']);
  expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
  expect(passedOn).toContain(traceId);
});

it('measures requests by route template and class of status, whatever clients make up', async () => {
  await gateway.fetch('/v1/things/thg_01jd5m6wz5f9r8x2k3c4v7b6n1/nothing', { key: keys.admin });

  const seriesOf = async () =>
    (await metrics.render()).split('\n').filter((line) => line.startsWith('support101_http_request_duration_seconds_count'));
  await eventually(async () => expect((await seriesOf()).length).toBe(2), 2_000);
  const series = await seriesOf();
  expect(series).toEqual([
    expect.stringContaining('{method="POST",route="/v1/things",status="2xx",'),
    expect.stringMatching(/\{method="GET",route="(unknown path|\/v1\/\*)",status="4xx",/),
  ]);
});
