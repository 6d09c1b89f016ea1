import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { eventually, LocalEngine } from '@support101/testing';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Customer, type Door } from '../../tooling/faults/customer.js';
import { goThroughLoop } from '../../tooling/faults/steps.js';
import { closeEngines, DistributedProduct } from '../distributed-product.js';

// Programs of the customers of a platform, on a server that is set up as docs/nats-subscribers.md says.

const example = readFileSync(new URL('../../infra/nats/tenant-subscribers.conf.example', import.meta.url), 'utf8');
const stream = 'SUPPORT101_EVENTS';
const durable = 'subscriber-acme';
/** Where Acme's account finds what it may ask JetStream. */
const apiPrefix = 'SUPPORT101.API';
const passwords = { services: 'p/w of the services', acme: 'p/w of Acme' };

interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly tenantid: string;
}

const folder = mkdtempSync(join(tmpdir(), 's101-subscribers-'));
const clients: NatsConnection[] = [];
let broker: LocalEngine;
let product: DistributedProduct;
let acme: Customer;
let globex: Customer;

/** The example with this test's folder, tenant and passwords in the places of the example's. */
function configure(tenantId: string): void {
  const config = example
    .replaceAll('ten_01acme', tenantId)
    .replace('/data', join(folder, 'data'))
    .replace('$SERVICES_PASSWORD', JSON.stringify(passwords.services))
    .replace('$ACME_PASSWORD', JSON.stringify(passwords.acme));
  writeFileSync(join(folder, 'nats.conf'), config);
}

async function client(user: string, pass: string): Promise<NatsConnection> {
  const nc = await connect({ servers: new URL(broker.url).host, user, pass });
  clients.push(nc);
  return nc;
}
const asAcme = () => client('acme', passwords.acme);
const asOperator = () => client('support101', passwords.services);

/** Everything that this client may hear. */
function listen(nc: NatsConnection, subject: string): { subject: string; event: CloudEvent }[] {
  const heard: { subject: string; event: CloudEvent }[] = [];
  nc.subscribe(subject, {
    callback: (_, message) => void heard.push({ subject: message.subject, event: message.json<CloudEvent>() }),
  });
  return heard;
}

/** Ids of a customer's facts: the audit has every one, and besides what the door records without a fact. */
async function facts(customer: Customer): Promise<string[]> {
  const entries = await customer.all('/v1/governance/audit');
  const ofEvents = entries.filter((entry) => !String(entry['action']).startsWith('gateway.'));
  return ofEvents.map((entry) => String(entry['eventId']));
}

const loop = (customer: Customer) => goThroughLoop(customer, async (_, work) => void (await work()));

beforeAll(async () => {
  configure('ten_00000000000000000000000000');
  broker = await LocalEngine.startProgram('nats', folder);
  const url = new URL(broker.url);
  url.username = 'support101';
  url.password = encodeURIComponent(passwords.services);
  product = await DistributedProduct.start(folder, { NATS_URL: url.href });
  const door: Door = { urls: product.processes.urls, platformKey: product.platformKey };
  [acme, globex] = [await Customer.open(door, 'Acme'), await Customer.open(door, 'Globex')];
  // Acme becomes a subscriber while everything runs.
  configure(acme.tenantId);
  broker.signal('SIGHUP');
  const jsm = await jetstreamManager(await asOperator());
  await jsm.consumers.add(stream, {
    durable_name: durable,
    filter_subject: `support101.v1.${acme.tenantId}.>`,
    ack_policy: 'explicit',
  });
}, 180_000);

afterAll(async () => {
  await Promise.all(clients.map((each) => each.close()));
  await product?.kill();
  await broker?.stop();
  await closeEngines(folder);
  rmSync(folder, { recursive: true, force: true });
});

describe('programs outside', () => {
  it('hear each fact of their tenant as a CloudEvent while they listen, and get what they missed when they do not', async () => {
    const listener = await eventually(asAcme, 10_000);
    const heard = listen(listener, `support101.v1.${acme.tenantId}.>`);
    const before = await facts(acme);
    await listener.flush();

    await Promise.all([loop(acme), loop(globex)]);
    const during = await eventually(async () => {
      const known = new Set(before);
      const news = (await facts(acme)).filter((id) => !known.has(id));
      expect(heard.map(({ event }) => event.id)).toEqual(expect.arrayContaining(news));
      expect(new Set(heard.map(({ event }) => event.type))).toContain('learning.golden-paths.recorded.v1');
      return news;
    }, 20_000);

    expect(during.length).toBeGreaterThan(15);
    for (const { subject, event } of heard) {
      const [service, capability, fact, version] = event.type.split('.');
      expect(subject).toBe(`support101.${version}.${acme.tenantId}.${service}.${capability}.${fact}`);
      expect(event).toMatchObject({
        specversion: '1.0',
        id: expect.stringMatching(/^evt_/),
        source: `/support101/${service}`,
        type: expect.stringMatching(/^[a-z-]+\.[a-z-]+\.[a-z-]+\.v\d+$/),
        subject: expect.stringMatching(/^[a-z-]+:.+/),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        datacontenttype: 'application/json',
        tenantid: acme.tenantId,
        data: expect.any(Object),
      });
    }
    // Nobody was connected as this durable until now.
    const late = await asAcme();
    const consumer = await jetstream(late, { apiPrefix }).consumers.get(stream, durable);
    const got: string[] = [];
    for (let quiet = false; !quiet;) {
      const batch = await consumer.fetch({ max_messages: 100, expires: 1_000 });
      quiet = true;
      for await (const message of batch) {
        quiet = false;
        got.push(message.json<CloudEvent>().id);
        await message.ackAck();
      }
    }
    expect(got.toSorted()).toEqual((await facts(acme)).toSorted());
    expect(new Set(got).size).toBe(got.length);
  }, 120_000);

  it('see nothing of another tenant nor of the services, and can tell them nothing', async () => {
    const [nosy, operator] = [await asAcme(), await asOperator()];
    const seen = new Set<string>();
    const everything = nosy.subscribe('>', { callback: (_, message) => void seen.add(message.subject) });
    await nosy.flush();

    await globex.ask(globex.question());
    await acme.createAgent('Seen');
    await eventually(() => [...seen].some((subject) => subject.includes('.agents.created')), 10_000);
    everything.unsubscribe();
    expect([...seen].filter((subject) => !subject.startsWith(`support101.v1.${acme.tenantId}.`))).toEqual([]);

    const refused = (subject: string, body: object = {}) =>
      nosy.request(subject, JSON.stringify(body), { timeout: 1_000 }).then(
        (reply: Msg) => Object.hasOwn(reply.json<object>(), 'error'),
        () => true,
      );
    const forged = `support101.v1.${globex.tenantId}.hitl.requests.decided`;
    const heard = listen(operator, forged);
    await operator.flush();
    const asked = await Promise.all([
      refused('tenancy.tenants.get.v1', { tenantId: globex.tenantId }),
      refused(`$JS.API.STREAM.INFO.${stream}`),
      refused(`$JS.API.STREAM.MSG.GET.${stream}`, { seq: 1 }),
      refused(`${apiPrefix}.CONSUMER.INFO.${stream}.governance-audit`),
      refused(`${apiPrefix}.CONSUMER.MSG.NEXT.${stream}.governance-audit`, { batch: 1, expires: 500_000_000 }),
      refused(`${apiPrefix}.CONSUMER.DELETE.${stream}.${durable}`),
    ]);
    nosy.publish(forged, JSON.stringify({ forged: true }));
    await nosy.flush();
    await operator.flush();

    expect(asked).toEqual(asked.map(() => true));
    expect(heard).toEqual([]);
    await expect(client('acme', 'a guess')).rejects.toThrow(/authori[sz]ation/i);
  }, 90_000);
});
