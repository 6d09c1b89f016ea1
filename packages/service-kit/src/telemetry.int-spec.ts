import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { Controller, Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildRegistry, DomainError, event, rpc, serviceCaller, type Caller } from '@support101/contracts';
import { Database } from '@support101/database';
import { defineJob, Jobs, Processes } from '@support101/jobs';
import { Answers, Consumes, Outbox } from '@support101/messaging';
import { eventually, postgres, type TestServer } from '@support101/testing';
import { z } from 'zod';
import { bootAlone, type LoneService } from './boot-alone.js';
import { startMetrics, type Metrics } from './metrics.js';
import { startTelemetry, type Telemetry } from './telemetry.js';

const tenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1';
const make = rpc('demo.things.make.v1', {
  summary: 'Make',
  access: { internal: true },
  input: z.object({ known: z.boolean() }),
  output: z.object({}),
  errors: ['run_not_found'],
});
const made = event('demo.things.made.v1', {
  summary: 'Made',
  data: z.object({ thing: z.string() }),
  resource: ({ thing }) => `thing:${thing}`,
  audit: 'data_modified',
});
const polish = defineJob({
  name: 'polish',
  payload: z.object({}),
  attempts: 1,
  backoffMs: 10,
  concurrency: 1,
  timeoutMs: 5_000,
});

let polished = 0;

@Controller()
class Things {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly jobs: Jobs,
  ) {}

  @Answers(make)
  async make({ known }: { known: boolean }, caller: Caller): Promise<Record<string, never>> {
    if (!known) throw new DomainError('run_not_found');
    await this.database.forTenant(tenantId, (tx) => this.outbox.record(tx, made, { thing: 'chair' }, caller));
    return {};
  }

  @Consumes(made, { durable: 'things' })
  async onMade(): Promise<void> {
    await this.jobs.enqueue(polish, {}, { id: 'one' });
    await this.jobs.enqueue(polish, {}, { id: 'later', runAt: new Date(Date.now() + 3_600_000) });
  }

  @Processes(polish)
  async polish(): Promise<void> {
    await this.database.forTenant(tenantId, (tx) => tx.query('select 1'));
    polished += 1;
  }
}

@Module({ controllers: [Things] })
class DemoModule {}

const migrations = new URL('../test/migrations/', import.meta.url);
const demo = { name: 'demo', schema: 'demo', module: DemoModule, migrations, registry: buildRegistry([{ make }]) };

const exporter = new InMemorySpanExporter();
let server: TestServer;
let telemetry: Telemetry;
let metrics: Metrics;
let lone: LoneService;

beforeAll(async () => {
  server = await postgres();
  telemetry = await startTelemetry({ serviceName: 'demo', exporter });
  metrics = startMetrics('demo');
  lone = await bootAlone(demo, { database: { url: server.url, embedded: false } });
});

afterAll(async () => {
  await lone.close();
  await metrics.close();
  await telemetry.close();
  await server.close();
});

/** The value of one series. */
async function valueOf(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const text = await metrics.render();
  const pairs = Object.entries({ ...labels, service_name: 'demo' }).map(([label, value]) => `${label}="${value}"`);
  const line = text.split('\n').find((each) => each.startsWith(`${name}{${pairs.join(',')}} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describe('what a service tells of itself', () => {
  it('counts commands, facts, events, jobs and transactions', async () => {
    const caller = serviceCaller('test', 'cor_1', tenantId);
    await lone.client.call(make, { known: true }, caller);
    await expect(lone.client.call(make, { known: false }, caller)).rejects.toMatchObject({ code: 'run_not_found' });
    await eventually(() => polished === 1);

    const command = make.subject;
    expect(await valueOf('support101_command_answer_duration_seconds_count', { command, outcome: 'ok' })).toBe(1);
    expect(await valueOf('support101_command_answer_duration_seconds_count', { command, outcome: 'run_not_found' })).toBe(1);
    expect(await valueOf('support101_command_call_duration_seconds_count', { command, outcome: 'run_not_found' })).toBe(1);
    expect(await valueOf('support101_facts_recorded_total', { type: made.type, outcome: 'success' })).toBe(1);
    const handled = { durable: 'demo-things', outcome: 'handled' };
    expect(await valueOf('support101_event_handling_duration_seconds_count', handled)).toBe(1);
    expect(await valueOf('support101_jobs_started_total', { job: 'demo.polish' })).toBe(1);
    const job = { job: 'demo.polish', outcome: 'done' };
    expect(await valueOf('support101_job_duration_seconds_count', job)).toBe(1);
    expect(await valueOf('support101_jobs_queued', { job: 'demo.polish', state: 'delayed' })).toBe(1);
    expect(await valueOf('support101_consumer_lag_events', { durable: 'demo-things', state: 'waiting' })).toBe(0);
    const committed = { schema: 'demo', kind: 'tenant', outcome: 'committed' };
    expect(await valueOf('support101_database_transaction_duration_seconds_count', committed)).toBe(2);
    expect(await valueOf('support101_database_waiting_transactions', { schema: 'demo' })).toBe(0);
    expect(await metrics.render()).not.toContain(tenantId);
  });

  it('traces a command through its transaction, its event, the job that comes of it, and that one’s transaction', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const caller = { ...serviceCaller('test', 'cor_1', tenantId), traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const spans = () => exporter.getFinishedSpans();
    exporter.reset();

    await lone.client.call(make, { known: true }, caller);
    await eventually(() => spans().some(({ name }) => name === 'job polish'));

    const named = (name: string) => spans().filter((span) => span.name === name);
    const steps = ['call demo.things.make.v1', 'answer demo.things.make.v1', 'consume demo.things.made.v1', 'job polish'];
    const [call, answer, consume, job] = steps.map((name) => named(name)[0]);
    const [recording, polishing] = named('transaction demo');
    const chain = [call, answer, recording, consume, job, polishing];
    const above = chain.map((span) => span?.parentSpanContext?.spanId);
    expect(above).toEqual(['b7ad6b7169203331', ...chain.slice(0, -1).map((span) => span?.spanContext().spanId)]);
    // The relay's own transactions are part of no request.
    expect(new Set(spans().map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
  });

  it('shows the outbox’s backlog, and leaves it out when the database cannot be asked', async () => {
    const shown = await valueOf('support101_outbox_waiting_events', { schema: 'demo' });
    const oldest = await valueOf('support101_outbox_oldest_seconds', { schema: 'demo' });

    await lone.service.database.close();
    const gone = async () => (await valueOf('support101_outbox_waiting_events', { schema: 'demo' })) === undefined;
    await eventually(gone, 10_000);

    expect(shown).toBeGreaterThanOrEqual(0);
    expect(oldest).toBeGreaterThanOrEqual(0);
    expect(await valueOf('process_resident_memory_bytes')).toBeGreaterThan(0);
  }, 20_000);
});
