import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { buildRegistry, type EventEnvelope, type Principal, type TenantId } from '@support101/contracts';
import { deadLetterContracts, deadLetterKept } from '@support101/contracts/messaging';
import { InProcessJobDriver } from '@support101/jobs';
import { CommandClient, ConsumesAll, type Delivery, InProcessTransport, openNats, type Transport } from '@support101/messaging';
import { eventually, nats, postgres } from '@support101/testing';
import { createLog } from './log.js';
import { newId } from './new-id.js';
import { bootService, type RunningService } from './service.js';

const handled: string[] = [];
const attempted: string[] = [];
let poisoned: (event: EventEnvelope) => boolean = () => false;

@Controller()
class Consumers {
  @ConsumesAll({ durable: 'things', maxDeliver: 2, backoffMs: [1] })
  any({ event }: Delivery): Promise<void> {
    attempted.push(event.type);
    if (poisoned(event)) throw new Error(`cannot work with ${JSON.stringify(event.data)}`);
    handled.push(event.subject);
    return Promise.resolve();
  }
}

@Module({ controllers: [Consumers] })
class DemoModule {}

const contract = deadLetterContracts('hitl');
const definition = {
  ...{ name: 'hitl', schema: 'demo', module: DemoModule, migrations: new URL('../test/migrations/', import.meta.url) },
  registry: buildRegistry([contract]),
};
const log = createLog({ name: 'test', level: 'silent' });
const platform = { principal: { type: 'platform', id: 'platform', roles: [] } as Principal, correlationId: 'cor_platform' };

describe.each(['in-process', 'nats'] as const)('a consumer that always throws, over %s', (kind) => {
  const closers: (() => Promise<unknown>)[] = [];
  let transport: Transport;
  let service: RunningService;
  let told: EventEnvelope[];
  let tenantId: TenantId;

  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  async function boot(): Promise<void> {
    handled.length = attempted.length = 0;
    told = [];
    tenantId = newId('ten');
    const { url, close } = await postgres();
    closers.push(close);
    transport = await open();
    const jobs = new InProcessJobDriver({ log });
    service = await bootService(definition, { transport, jobs, log, database: { url, embedded: false } });
    closers.push(
      () => transport.close(),
      () => service.close(),
    );
    await transport.observe({ types: [deadLetterKept.type] }, (event) => told.push(event));
    if (transport instanceof InProcessTransport) transport.start();
  }

  async function open(): Promise<Transport> {
    if (kind === 'in-process') return new InProcessTransport({ log });
    const server = await nats();
    closers.push(server.close);
    return openNats({ url: server.url, name: 'test', log });
  }

  function thing(name: string): EventEnvelope {
    return {
      ...{
        specversion: '1.0',
        id: newId('evt'),
        source: '/support101/demo',
        type: 'demo.things.made.v1',
        subject: `thing:${name}`,
      },
      ...{ time: new Date().toISOString(), datacontenttype: 'application/json', tenantid: tenantId, outcome: 'success' },
      ...{
        principaltype: 'key',
        principalid: 'key_1',
        correlationid: 'cor_1',
        data: { name, password: 'correct horse battery' },
      },
    };
  }

  const client = () => new CommandClient(transport);

  it('has its event kept, told of by name, and tried again by the platform; the rest goes on', async () => {
    await boot();
    poisoned = ({ subject }) => subject === 'thing:bad';
    const bad = thing('bad');

    await transport.publish([bad, thing('good')]);

    const [kept] = await eventually(() => {
      expect(told).toHaveLength(1);
      return told;
    });
    expect(handled).toContain('thing:good');
    expect(kept).toMatchObject({
      ...{ tenantid: tenantId, subject: `event:${bad.id}`, outcome: 'failure', correlationid: 'cor_1', causationid: bad.id },
      ...{ principaltype: 'service', principalid: 'hitl' },
      data: {
        ...{ service: 'hitl', durable: 'things', eventId: bad.id, eventType: bad.type, attempts: 2 },
        reason: expect.stringMatching(/^cannot work with /),
      },
    });
    expect(JSON.stringify(kept)).not.toContain('horse');
    const list = await client().call(contract.list, { tenantId }, platform);
    expect(list).toMatchObject({ data: [{ eventId: bad.id, durable: 'things', resource: 'thing:bad' }], nextCursor: null });
    expect(JSON.stringify(list)).not.toContain('horse');

    const key = { eventId: bad.id, tenantId, durable: 'things' };
    expect(await client().call(contract.replay, key, platform)).toMatchObject({ handled: false, reason: expect.any(String) });
    poisoned = () => false;
    expect(await client().call(contract.replay, key, platform)).toEqual({ handled: true });

    expect(handled).toContain('thing:bad');
    await expect(client().call(contract.replay, key, platform)).rejects.toMatchObject({ code: 'dead_letter_not_found' });
  });

  it('on everything, also on what is told of its dead letters, comes to an end', async () => {
    await boot();
    poisoned = () => true;

    await transport.publish([thing('bad')]);

    const letters = await eventually(async () => {
      const { data } = await client().call(contract.list, {}, platform);
      expect(data).toHaveLength(2);
      return data;
    });
    expect(letters.map(({ eventType }) => eventType).toSorted()).toEqual(['demo.things.made.v1', deadLetterKept.type]);
    expect(told).toHaveLength(1);
    expect(attempted).toHaveLength(4);
    poisoned = () => false;
  });

  it('has its letters listed page by page, and refuses a tenant', async () => {
    await boot();
    poisoned = ({ type }) => type !== deadLetterKept.type;
    const events = ['a', 'b', 'c'].map(thing);
    await transport.publish(events);
    await eventually(() => expect(told).toHaveLength(3));

    const first = await client().call(contract.list, { limit: 2 }, platform);
    const rest = await client().call(contract.list, { limit: 2, cursor: first.nextCursor ?? '' }, platform);

    expect([...first.data, ...rest.data].map(({ eventId }) => eventId).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    expect(rest.nextCursor).toBeNull();
    await expect(client().call(contract.list, { cursor: 'x' }, platform)).rejects.toMatchObject({ code: 'cursor_invalid' });
    const admin = { tenantId, principal: { type: 'key', id: 'key_1', roles: ['admin'] } as Principal, correlationId: 'cor_2' };
    await expect(client().call(contract.list, {}, admin)).rejects.toMatchObject({ code: 'forbidden' });
    poisoned = () => false;
  });
});
