import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager, type JetStreamClient, type NextMsgRequest } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { eventually, productServices, ServiceProcess } from '@support101/testing';
import { randomUUID } from 'node:crypto';
import { ApiClient } from '../api-client.js';
import { Customer, type Door } from '../../tooling/faults/customer.js';
import { assistedRun } from '../../tooling/faults/load.js';
import { assess } from '../../tooling/faults/oracle.js';
import { DistributedProduct, enginesOf } from '../distributed-product.js';
import { temporaryDirectory } from '../product.js';

// What somebody with the services' own access to NATS could send by mistake, and servers that are not there.

const stream = 'SUPPORT101_EVENTS';
const home = await temporaryDirectory();
let product: DistributedProduct;
let door: Door;
let customer: Customer;
let outsider: NatsConnection;
let js: JetStreamClient;
/** Events of one run are handled one after the other: those of several make the thousand bearable. */
const runs = 4;
/** What has happened to the runs, once each. */
const facts = { started: nothing(), 'human-requested': nothing(), completed: nothing() };

function nothing(): { subject: string; events: Record<string, unknown>[]; event: Record<string, unknown> } {
  return { subject: '', events: [], event: {} };
}

beforeAll(async () => {
  product = await DistributedProduct.start(home.path);
  door = { urls: product.processes.urls, platformKey: product.platformKey };
  customer = await Customer.open(door, 'Acme');
  await Promise.all(Array.from({ length: runs }, () => assistedRun(customer)));
  const { urls } = await enginesOf(home.path);
  outsider = await connect({ servers: new URL(urls.NATS_URL).host });
  js = jetstream(outsider);
  for (const fact of ['started', 'human-requested', 'completed'] as const) {
    const subject = `support101.v1.${customer.tenantId}.agent-runtime.runs.${fact}`;
    const events = await eventsOf(subject);
    const [event] = events;
    if (event === undefined || events.length !== runs) throw new Error(`there are ${events.length} events of ${subject}`);
    facts[fact] = { subject, events, event };
  }
}, 180_000);

afterAll(async () => {
  await outsider?.close();
  await product?.kill();
  await home.remove();
});

/** All events of a subject, in their order. */
async function eventsOf(subject: string): Promise<Record<string, unknown>[]> {
  const { streams } = await jetstreamManager(outsider);
  const found: Record<string, unknown>[] = [];
  for (let seq = 1; ;) {
    const first: NextMsgRequest & { seq: number } = { seq, next_by_subj: subject };
    const message = await streams.getMessage(stream, first);
    if (message === null) return found;
    found.push(message.json());
    seq = message.seq + 1;
  }
}

/** What is not as it was: lost, doubled, given up on, or not ready. */
async function harm(): Promise<readonly string[]> {
  const { lost, doubled } = await assess(customer, door);
  const unready = await Promise.all(
    product.processes.processes.map(async ({ name, managementUrl }) => {
      const { status } = await fetch(`${managementUrl}/health/ready`);
      return status === 200 ? [] : [`${name} answers ${status}`];
    }),
  );
  return [...lost, ...doubled, ...unready.flat()];
}

describe('commands', () => {
  const subject = 'agent-runtime.runs.list.v1';
  const principal = JSON.stringify({ type: 'key', id: 'key_1', roles: ['admin'] });
  const codeOf = async (body: string, values: Record<string, string>) => {
    const sent = headers();
    for (const [name, value] of Object.entries(values)) sent.set(name, value);
    const reply = await outsider.request(subject, body, { timeout: 10_000, headers: sent });
    return { code: reply.json<{ code?: string }>().code, problem: reply.headers?.get('s101-problem') };
  };

  it.each([
    ['without headers', '{}', {}, 'unauthenticated'],
    ['without a tenant', '{}', { 's101-principal': principal, 's101-correlation': 'c' }, 'tenant_required'],
    [
      'with a wildcard as tenant',
      '{}',
      { 's101-principal': principal, 's101-correlation': 'c', 's101-tenant': '*' },
      'validation_failed',
    ],
    [
      'with a body that is no JSON',
      '{"limit":',
      { 's101-principal': principal, 's101-correlation': 'c', 's101-tenant': 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' },
      'malformed_json',
    ],
  ])('%s are refused by name', async (_, body, values, code) => {
    expect(await codeOf(body, values as Record<string, string>)).toEqual({ code, problem: code });
  });

  it('of a version that nobody answers have no one who answers', async () => {
    await expect(outsider.request('agent-runtime.runs.list.v9', '{}', { timeout: 10_000 })).rejects.toThrow(/no responders/i);
  });
});

describe('events', () => {
  /** Past the broker's own recognition of duplicates. */
  const again = (subject: string, event: unknown) => js.publish(subject, JSON.stringify(event), { msgID: randomUUID() });
  const caughtUp = () =>
    eventually(async () => {
      const jsm = await jetstreamManager(outsider);
      const waiting: string[] = [];
      for await (const { name, num_pending, num_ack_pending } of jsm.consumers.list(stream)) {
        if (num_pending + num_ack_pending > 0) waiting.push(name);
      }
      expect(waiting).toEqual([]);
    }, 90_000);

  it('that come more than a thousand times have their effect once', async () => {
    for (let batch = 0; batch < 100; batch += 1) {
      await Promise.all(Object.values(facts).flatMap(({ subject, events }) => events.map((event) => again(subject, event))));
    }

    await caughtUp();

    expect(await harm()).toEqual([]);
  }, 240_000);

  it('of a newer producer, of an unknown version, about nobody, and of no shape at all harm nobody', async () => {
    const { subject, event } = facts.started;
    const elsewhere = { ...event, id: `evt_${randomUUID()}` };

    await again(subject, { ...event, data: { ...(event['data'] as object), addedLater: { deep: [1] } }, newattribute: 'x' });
    await again(subject, { ...event, specversion: '2.0' });
    await again(subject, { ...elsewhere, tenantid: undefined });
    await again(subject, { ...elsewhere, tenantid: '*' });
    await again('support101.v1.nobody.agent-runtime.runs.started', { ...elsewhere, tenantid: 'nobody' });
    await js.publish(subject, 'no json');
    await js.publish(subject, '');
    await caughtUp();

    expect(await harm()).toEqual([]);
    expect(() => outsider.publish(subject, 'x'.repeat(outsider.info?.max_payload ?? 0) + 'x')).toThrow(/max_payload/i);
  }, 120_000);

  it('of a type that nobody knows are passed over, and of a shape that does not fit are kept as dead letters', async () => {
    const { subject, event } = facts.completed;
    const unknown = { ...event, id: String(event['id']).replace(/.{4}$/, 'aaaa'), type: 'agent-runtime.runs.completed.v7' };
    const misshapen = { ...event, id: String(event['id']).replace(/.{4}$/, 'bbbb'), data: { runId: 7 } };

    await again(subject, unknown);
    await again(subject, misshapen);
    await caughtUp();

    const platform = new ApiClient(product.url, product.platformKey);
    const letters = await platform.get(`/v1/dead-letters/learning?tenantId=${customer.tenantId}`);
    expect(new Set(letters.body.data.map((letter) => letter['eventId']))).toEqual(new Set([misshapen.id]));
    const triesBy = Object.fromEntries(letters.body.data.map(({ durable, attempts }) => [durable, attempts]));
    expect(triesBy).toMatchObject({ 'golden-paths': 1, activity: 1 });
    expect((await customer.api.get('/v1/governance/audit/verify')).body).toMatchObject({ valid: true });
  }, 120_000);
});

describe('a server that is not there', () => {
  it('is named by its variable at the start of each service, with exit code 78', async () => {
    const { urls } = await enginesOf(home.path);
    const nowhere = {
      NATS_URL: 'nats://127.0.0.1:1',
      REDIS_URL: 'redis://127.0.0.1:1',
      DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/nothing',
    };
    const cases = [
      ...productServices.map((name) => [name, 'NATS_URL'] as const),
      ...(['gateway', 'tenancy'] as const).map((name) => [name, 'REDIS_URL'] as const),
      ['tenancy', 'DATABASE_URL'] as const,
    ];

    const ends = await Promise.all(
      cases.map(async ([name, variable]) => {
        const main = new URL(`../../apps/${name}/dist/main.js`, import.meta.url).pathname;
        const keys = { HOST: '127.0.0.1', SUPPORT101_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64') };
        const child = new ServiceProcess({ name, main, environment: { ...urls, ...keys, [variable]: nowhere[variable] } });
        const said = await child.start().then(
          () => 'it has started',
          (error: unknown) => String(error),
        );
        return { name, variable, said, code: await child.stop() };
      }),
    );

    for (const { name, variable, said, code } of ends) {
      expect({ name, code, said }).toEqual({ name, code: 78, said: expect.stringContaining(`${variable}:`) });
      expect(said).not.toContain('secret');
    }
  }, 120_000);
});
