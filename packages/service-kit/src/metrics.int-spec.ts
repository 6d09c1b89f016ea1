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
    polished += 1;
  }
}

@Module({ controllers: [Things] })
class DemoModule {}

const migrations = new URL('../test/migrations/', import.meta.url);
const demo = { name: 'demo', schema: 'demo', module: DemoModule, migrations, registry: buildRegistry([{ make }]) };

let server: TestServer;
let metrics: Metrics;
let lone: LoneService;

beforeAll(async () => {
  server = await postgres();
  metrics = startMetrics('demo');
  lone = await bootAlone(demo, { database: { url: server.url, embedded: false } });
});

afterAll(async () => {
  await lone.close();
  await metrics.close();
  await server.close();
});

/** The value of one series. */
async function valueOf(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const text = await metrics.render();
  const pairs = Object.entries({ ...labels, service_name: 'demo' }).map(([label, value]) => `${label}="${value}"`);
  const line = text.split('\n').find((each) => each.startsWith(`${name}{${pairs.join(',')}} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describe('the metrics of a service', () => {
  it('tell of its commands, facts, events, jobs and transactions', async () => {
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
    expect(await valueOf('support101_database_transaction_duration_seconds_count', committed)).toBe(1);
    expect(await valueOf('support101_database_waiting_transactions', { schema: 'demo' })).toBe(0);
    expect(await metrics.render()).not.toContain(tenantId);
  });

  it('show the outbox’s backlog, and leave it out when the database cannot be asked', async () => {
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
