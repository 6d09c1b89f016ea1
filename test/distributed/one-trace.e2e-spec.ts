import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { instruments } from '@support101/telemetry';
import { type CollectedSpan, eventually, fakeCollector, type FakeCollector } from '@support101/testing';
import { ApiClient } from '../api-client.js';
import { DistributedProduct } from '../distributed-product.js';
import { temporaryDirectory } from '../product.js';

// What the separate processes tell an operator: one trace over all of them, and what each of them measures.

const home = await temporaryDirectory();
const traceId = '0af7651916cd43dd8448eb211c80319c';
let collector: FakeCollector;
let product: DistributedProduct;
let acme: ApiClient;
let execute: string;

beforeAll(async () => {
  collector = await fakeCollector();
  // Only what a caller wants recorded is: the other requests of this test leave no span.
  const sampling = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };
  product = await DistributedProduct.start(home.path, { ...collector.environment, ...sampling });
  const platform = new ApiClient(product.url, product.platformKey);
  const tenant = await platform.post('/v1/tenants', { name: 'Acme', tier: 'professional', autoActivate: true });
  const key = await platform.post(`/v1/tenants/${String(tenant.body['tenantId'])}/api-keys`, { name: 'test', roles: ['admin'] });
  acme = new ApiClient(product.url, String(key.body['key']));
  const agent = await acme.post('/v1/agents', { blueprint: 'support_agent', name: 'Helper', config: { whenUnsure: 'fail' } });
  execute = `/v1/agents/${String(agent.body['agentId'])}/execute`;
}, 180_000);

afterAll(async () => {
  await product?.stop();
  await collector?.close();
  await home.remove();
});

/** From the first span of its trace that is ours down to this one, each with its process. */
function pathTo(span: CollectedSpan | undefined): string[] {
  if (span === undefined) return [];
  const above = collector.spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...pathTo(above), `${span.service}: ${span.name}`];
}

/** The paths of all spans of that process and name. */
function pathsTo(service: string, name: string): string[][] {
  return collector.spans.filter((span) => span.service === service && span.name === name).map(pathTo);
}

describe('a run that its client traces', () => {
  const toAnswer = [
    'gateway: POST /v1/agents/:agentId/execute',
    'gateway: call agent-runtime.runs.start.v1',
    'agent-runtime: answer agent-runtime.runs.start.v1',
  ];
  // Its steps share their commits with those of other runs, which are no part of its trace.
  const toJob = [...toAnswer, 'agent-runtime: job execution.run'];

  beforeAll(async () => {
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const run = await acme.post(execute, { input: { query: 'Which wine goes with octopus?' } }, { traceparent });
    if (run.status !== 200) throw new Error(`the run was not made: ${JSON.stringify(run.body)}`);
  });

  it('is one trace: gateway, NATS, service, job, NATS, another service, database', async () => {
    await eventually(() => {
      expect(pathsTo('agent-runtime', 'transaction agent_runtime')).toContainEqual([
        ...toAnswer,
        'agent-runtime: transaction agent_runtime',
      ]);
      expect(pathsTo('learning', 'transaction learning')).toContainEqual([
        ...toJob,
        'agent-runtime: step search_knowledge_base',
        'agent-runtime: call learning.knowledge.search.v1',
        'learning: answer learning.knowledge.search.v1',
        'learning: transaction learning',
      ]);
    }, 15_000);

    expect(new Set(collector.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  });

  it('goes on where its events are consumed', async () => {
    const consumers = ['tenancy', 'governance', 'hitl', 'learning'];

    await eventually(() => {
      for (const service of consumers) {
        const paths = pathsTo(service, 'consume agent-runtime.runs.failed.v1');
        expect(paths).toContainEqual([...toJob, `${service}: consume agent-runtime.runs.failed.v1`]);
      }
    }, 15_000);
  });
});

describe('each process', () => {
  it('shows at /metrics what it measures, under names of the list and as its own', async () => {
    const known = new Set(['target_info', ...instruments.map(({ name }) => name)]);

    for (const { name, managementUrl } of product.processes.processes) {
      const response = await fetch(`${managementUrl}/metrics`);
      const text = await response.text();
      const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '');
      expect(text).toContain(`target_info{service_name="${name}"} 1`);
      expect(families.length).toBeGreaterThan(8);
      expect(families.filter((family) => !known.has(family))).toEqual([]);
    }
  });

  it('counts what it did for the run', async () => {
    const metricsOf = async (service: 'agent-runtime' | 'gateway' | 'learning') =>
      (await fetch(`${product.processes.of(service).managementUrl}/metrics`)).text();

    expect(await metricsOf('gateway')).toMatch(
      /http_request_duration_seconds_count\{method="POST",route="\/v1\/agents\/:agentId\/execute",status="2xx",service_name="gateway"\} 1/,
    );
    const runtime = await metricsOf('agent-runtime');
    expect(runtime).toMatch(/job_duration_seconds_count\{job="agent-runtime.execution.run",outcome="done",[^}]*\} [1-9]/);
    expect(runtime).toMatch(/facts_recorded_total\{type="agent-runtime.runs.failed.v1",outcome="failure",[^}]*\} 1/);
    expect(runtime).toMatch(/outbox_waiting_events\{schema="agent_runtime",[^}]*\} \d/);
    expect(await metricsOf('learning')).toMatch(/consumer_lag_events\{durable="learning-[a-z-]+",state="waiting",[^}]*\} \d/);
  });
});
