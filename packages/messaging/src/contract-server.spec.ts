import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  buildRegistry,
  DomainError,
  event,
  rpc,
  TenantId,
  type Caller,
  type InputOf,
  type TenantCaller,
} from '@support101/contracts';
import { VirtualClock } from '@support101/testing';
import 'reflect-metadata';
import { z } from 'zod';
import { Answers, Consumes, ConsumesAll, type CommandContext, type Delivery } from './answers.js';
import { assertAnswered } from './assert-answered.js';
import { CommandClient } from './command-client.js';
import { ContractServer } from './contract-server.js';
import { InProcessTransport } from './in-process-transport.js';
import { setReplyHeader } from './reply-headers.js';
import { acme, anEvent, globex } from './transport.conformance-spec.js';
import type { DeadLetter } from './transport.js';

type Nothing = Record<string, never>;

const read = { resource: 'demo:things', level: 'read' } as const;
const thing = z.object({ name: z.string(), size: z.number().default(1) });
const make = rpc('demo.things.make.v1', {
  summary: 'Make',
  access: read,
  input: thing,
  output: z.object({ made: z.string() }),
  errors: ['limit_exceeded'],
});
const ofPath = rpc('demo.things.of.v1', {
  summary: 'Of a tenant',
  access: { ...read, tenant: 'path' },
  input: z.object({ tenantId: TenantId }),
  output: z.object({ tenantId: z.string() }),
  errors: [],
});
const platform = rpc('demo.things.all.v1', {
  summary: 'All',
  access: { ...read, tenant: 'platform' },
  input: z.object({}),
  output: z.object({}),
  errors: [],
});
const internal = rpc('demo.things.count.v1', {
  summary: 'Count',
  access: { internal: true },
  input: z.object({}),
  output: z.object({}),
  errors: [],
});
const wait = rpc('demo.things.wait.v1', {
  summary: 'Wait',
  access: { internal: true },
  input: z.object({}),
  output: z.object({}),
  errors: [],
});
const madeEvent = event('demo.things.made.v1', {
  summary: 'Made',
  data: z.object({ name: z.string() }),
  resource: ({ name }) => `thing:${name}`,
  audit: 'data_modified',
});
const soldEvent = event('demo.things.sold.v1', {
  summary: 'Sold',
  data: z.object({}),
  resource: () => 'thing:1',
  audit: 'data_modified',
});
const namedEvent = event('demo.things.named.v1', {
  summary: 'Named',
  data: z.object({ title: z.string() }),
  resource: () => 'thing:1',
  audit: 'data_modified',
});
const contracts = { make, ofPath, platform, internal, wait, madeEvent, soldEvent };
const registry = buildRegistry([contracts]);

const seen: { deliveries: Delivery[]; aborted: boolean } = { deliveries: [], aborted: false };

@Controller()
class ThingsHandlers {
  private readonly prefix = 'made';

  @Answers(make)
  async make(input: InputOf<typeof make>, caller: TenantCaller): Promise<{ made: string }> {
    const answers: Record<string, () => unknown> = {
      limit: () => {
        throw new DomainError('limit_exceeded', 'No more things.', { facts: { secret: 1 }, retryAfterSeconds: 7 });
      },
      unlisted: () => {
        throw new DomainError('agent_not_found', 'secret detail');
      },
      crash: () => {
        throw new TypeError('secret detail');
      },
      away: () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      },
      wrong: () => ({ made: 7 }),
      large: () => ({ made: 'x'.repeat(1_100_000) }),
    };
    setReplyHeader('x-size', String(input.size));
    const answer = answers[input.name]?.() ?? { made: `${this.prefix} ${input.name} for ${caller.tenantId}`, extra: true };
    return answer as { made: string };
  }

  @Answers(ofPath)
  async of(_input: InputOf<typeof ofPath>, caller: TenantCaller): Promise<{ tenantId: string }> {
    return { tenantId: caller.tenantId };
  }

  @Answers(platform)
  async all(): Promise<Nothing> {
    return {};
  }

  @Answers(internal)
  async count(_input: object, _caller: Caller): Promise<Nothing> {
    return {};
  }

  @Answers(wait)
  async wait(_input: object, _caller: Caller, { signal }: CommandContext): Promise<Nothing> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    seen.aborted = signal.aborted;
    return {};
  }
}

@Controller()
class ThingsConsumers {
  @Consumes(madeEvent, { durable: 'things', maxDeliver: 2, backoffMs: [10] })
  async made(delivery: Delivery<typeof madeEvent>): Promise<void> {
    if (delivery.event.data.name === 'poison') throw new Error('always');
    seen.deliveries.push(delivery);
  }

  @Consumes(soldEvent, { durable: 'things' })
  async sold(delivery: Delivery<typeof soldEvent>): Promise<void> {
    seen.deliveries.push(delivery);
  }
}

const tenantCaller: Caller = {
  tenantId: acme,
  principal: { type: 'key', id: 'key_1', roles: ['viewer'] },
  correlationId: 'cor_ü 1',
};
const { tenantId: _, ...nobodysCaller } = tenantCaller;
const platformCaller: Caller = { principal: { type: 'platform', id: 'platform', roles: [] }, correlationId: 'cor_2' };

describe('ContractServer', () => {
  const clock = new VirtualClock();
  const errors: { facts: object; message: string }[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (facts: object, message: string) => void errors.push({ facts, message }),
  };
  const letters: DeadLetter[] = [];
  let app: INestMicroservice;
  let transport: InProcessTransport;
  let server: ContractServer;
  let client: CommandClient;

  beforeEach(async () => {
    transport = new InProcessTransport({ time: clock });
    transport.start();
    server = new ContractServer({
      service: 'demo',
      transport,
      time: clock,
      log,
      onDeadLetter: async (letter) => void letters.push(letter),
    });
    client = new CommandClient(transport, clock);
    app = await microservice(server, ThingsHandlers, ThingsConsumers);
    await app.listen();
    errors.length = 0;
    letters.length = 0;
    seen.deliveries.length = 0;
  });
  afterEach(() => app.close());

  it('answers with the parsed input and the caller, strips unknown fields both ways, and fills defaults', async () => {
    const input = { name: 'chair', unknown: 'ignored' };

    const reply = await client.callForReply(make, input, tenantCaller);

    expect(reply.output).toEqual({ made: `made chair for ${acme}` });
    expect(reply.headers).toEqual({ 'x-size': '1' });
  });

  it('names every issue of an input that does not fit', async () => {
    const asked = client.call(make, { name: 1, size: 'x' } as never, tenantCaller);

    await expect(asked).rejects.toMatchObject({ code: 'validation_failed', issues: [{ path: '/name' }, { path: '/size' }] });
  });

  it('passes on an error of the contract, without its facts', async () => {
    const error = await client.call(make, { name: 'limit' }, tenantCaller).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'limit_exceeded', detail: 'No more things.', retryAfterSeconds: 7, facts: {} });
    expect(errors).toEqual([]);
  });

  it.each(['unlisted', 'crash', 'wrong', 'large'])('answers internal and logs what must not happen: %s', async (name) => {
    const error = await client.call(make, { name }, tenantCaller).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'internal' });
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(errors).toMatchObject([{ facts: { subject: make.subject, correlationId: 'cor_ü 1' } }]);
  });

  it('answers service_unavailable when the database is away', async () => {
    const asked = client.call(make, { name: 'away' }, tenantCaller);

    await expect(asked).rejects.toMatchObject({ code: 'service_unavailable', retryAfterSeconds: 1 });
  });

  it('demands a tenant, and lets nobody act for another one', async () => {
    const asPath = (tenantId: typeof acme, caller: Caller) => client.call(ofPath, { tenantId }, caller);

    await expect(client.call(make, { name: 'chair' }, nobodysCaller)).rejects.toMatchObject({ code: 'tenant_required' });
    await expect(asPath(acme, tenantCaller)).resolves.toEqual({ tenantId: acme });
    await expect(asPath(globex, tenantCaller)).rejects.toMatchObject({ code: 'tenant_not_found' });
    await expect(asPath(globex, nobodysCaller)).rejects.toMatchObject({ code: 'tenant_not_found' });
    await expect(asPath(globex, platformCaller)).resolves.toEqual({ tenantId: globex });
    await expect(client.call(platform, {}, tenantCaller)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(client.call(platform, {}, platformCaller)).resolves.toEqual({});
    await expect(client.call(internal, {}, nobodysCaller)).resolves.toEqual({});
  });

  it.each([
    ['without a principal', { 's101-correlation': 'c' }, '{}', 'unauthenticated'],
    ['with a principal that is none', { 's101-principal': '{"type":"root","id":"x","roles":[]}' }, '{}', 'unauthenticated'],
    ['with a tenant that is a wildcard', { 's101-tenant': '*' }, '{}', 'validation_failed'],
    ['with a deadline that is no number', { 's101-deadline': 'soon' }, '{}', 'validation_failed'],
    ['with a correlation that cannot be decoded', { 's101-correlation': '%zz' }, '{}', 'validation_failed'],
    ['without a correlation', { 's101-correlation': '' }, '{}', 'validation_failed'],
    ['with a body that is not JSON', {}, '{"name":', 'malformed_json'],
    ['with a body that is not an object', {}, '[1]', 'validation_failed'],
    ['with a deadline that has passed', { 's101-deadline': '1' }, '{"name":"chair"}', 'deadline_exceeded'],
  ])('refuses a message %s by name', async (_title, headers, body, code) => {
    const good = { 's101-principal': JSON.stringify(tenantCaller.principal), 's101-correlation': 'c', 's101-tenant': acme };
    const sent: Record<string, string> =
      's101-correlation' in headers && code === 'unauthenticated' ? headers : { ...good, ...headers };

    const reply = await transport.request(make.subject, { body, headers: sent }, { timeoutMs: 1_000 });

    expect(reply.headers['s101-problem']).toBe(code);
    expect(JSON.parse(reply.body)).toMatchObject({ code });
  });

  it('fires the handler’s signal at the caller’s deadline', async () => {
    let outcome: unknown;
    void client
      .call(wait, {}, { ...tenantCaller, deadlineAt: clock.now().getTime() + 500 })
      .catch((error: unknown) => (outcome = error));

    await clock.advance(0);
    await clock.advance(499);
    expect(outcome).toBeUndefined();
    await clock.advance(2);

    expect(outcome).toMatchObject({ code: 'deadline_exceeded' });
    expect(seen.aborted).toBe(true);
  });

  it('does not ask when the deadline has passed, nor where nobody answers', async () => {
    const unanswered = rpc('demo.things.none.v1', {
      summary: '',
      access: { internal: true },
      input: z.object({}),
      output: z.object({}),
      errors: [],
    });

    await expect(client.call(internal, {}, { ...tenantCaller, deadlineAt: 1 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    await expect(client.call(unanswered, {}, tenantCaller)).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('delivers events parsed, with the caller who caused them', async () => {
    const made = anEvent(
      { name: 'chair', unknown: 1 },
      { subject: 'thing:chair', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    );
    const sold = anEvent({}, { type: soldEvent.type, principaltype: 'martian' });

    await transport.publish([made, sold]);

    expect(seen.deliveries).toMatchObject([
      { durable: 'things', attempt: 1, event: { id: made.id, data: { name: 'chair' } } },
      { durable: 'things', attempt: 1, event: { id: sold.id } },
    ]);
    expect(seen.deliveries[0]?.event.data).toEqual({ name: 'chair' });
    expect(seen.deliveries[0]?.caller).toEqual({
      tenantId: acme,
      principal: { type: 'key', id: 'key_1', roles: [] },
      correlationId: 'cor_1',
      causationId: made.id,
      traceparent: made.traceparent,
    });
    expect(seen.deliveries[1]?.caller.principal.type).toBe('service');
  });

  it('dead-letters what keeps failing, and at once what does not fit its contract; both can be given again', async () => {
    const poison = anEvent({ name: 'poison' });
    const malformed = anEvent({ name: 7 }, { subject: 'thing:7' });
    const published = transport.publish([poison, malformed]);
    await clock.advance(0);
    await clock.advance(20);
    await published;

    expect([...letters].sort((a, b) => a.attempts - b.attempts)).toMatchObject([
      { event: malformed, durable: 'things', attempts: 1, reason: expect.stringContaining('/name') },
      { event: poison, durable: 'things', attempts: 2, reason: 'always' },
    ]);
    await expect(server.redeliver('things', poison)).rejects.toThrow('always');
    await server.redeliver('things', { ...poison, data: { name: 'cured' } });
    expect(seen.deliveries).toMatchObject([{ event: { data: { name: 'cured' } } }]);
    await expect(server.redeliver('nobody', poison)).rejects.toThrow('nothing consumes');
  });

  it('gives every event to who consumes all, unparsed and of whatever type, but not those it has a method for', async () => {
    const all: Delivery[] = [];
    const sold: string[] = [];
    @Controller()
    class Everything {
      @ConsumesAll({ durable: 'all' })
      async any(delivery: Delivery): Promise<void> {
        all.push(delivery);
      }

      @Consumes(soldEvent, { durable: 'all' })
      async sold({ event: { id } }: Delivery<typeof soldEvent>): Promise<void> {
        sold.push(id);
      }
    }
    const other = await microservice(new ContractServer({ service: 'other', transport, time: clock }), Everything);
    await other.listen();
    const unknown = anEvent({ surprise: [1] }, { type: 'later.things.made.v1' });
    const malformed = anEvent({ name: 7 }, { type: namedEvent.type });
    const known = anEvent({}, { type: soldEvent.type });

    await transport.publish([unknown, malformed, known]);

    expect(all.map(({ event }) => event)).toEqual([unknown, malformed]);
    expect(all[0]?.caller).toMatchObject({ tenantId: acme, causationId: unknown.id });
    expect(sold).toEqual([known.id]);
    await other.close();
  });

  it('answers no more after closing', async () => {
    await server.close();

    await expect(client.call(internal, {}, tenantCaller)).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});

describe('assertAnswered', () => {
  it('accepts a service that answers exactly its contracts', async () => {
    const { bindings } = await bound(ThingsHandlers, ThingsConsumers);

    expect(() => assertAnswered(registry, 'demo', bindings)).not.toThrow();
    expect(bindings).toHaveLength(7);
  });

  it('names what is missing, foreign and doubled', async () => {
    const foreign = rpc('other.things.make.v1', {
      summary: '',
      access: { internal: true },
      input: z.object({}),
      output: z.object({}),
      errors: [],
    });
    @Controller()
    class Foreign {
      @Answers(foreign)
      async one(): Promise<Nothing> {
        return {};
      }
      @Answers(internal)
      async two(): Promise<Nothing> {
        return {};
      }
      @Answers(internal)
      async three(): Promise<Nothing> {
        return {};
      }
    }
    const { bindings } = await bound(Foreign);

    const check = () => assertAnswered(registry, 'demo', bindings);

    expect(check).toThrow('demo.things.make.v1 is not answered');
    expect(check).toThrow('other.things.make.v1 is no contract of demo');
    expect(check).toThrow('demo.things.count.v1 is answered twice');
  });

  it('refuses one durable that consumes an event twice', async () => {
    @Controller()
    class Twice {
      @Consumes(madeEvent, { durable: 'things' })
      async one(): Promise<void> {}
      @Consumes(madeEvent, { durable: 'things' })
      async two(): Promise<void> {}
    }

    await expect(bound(Twice)).rejects.toThrow('things consumes demo.things.made.v1 twice');
  });
});

describe('Answers and Consumes', () => {
  it('do not compile on methods with another signature', () => {
    class Wrong {
      // @ts-expect-error the input has a name
      @Answers(make)
      async input(_input: { title: string }): Promise<{ made: string }> {
        return { made: '' };
      }

      // @ts-expect-error the output is an object with `made`
      @Answers(make)
      async output(): Promise<{ done: string }> {
        return { done: '' };
      }

      // @ts-expect-error an internal contract has callers without a tenant
      @Answers(internal)
      async caller(_input: object, _caller: TenantCaller): Promise<Nothing> {
        return {};
      }

      // @ts-expect-error the delivery is of another event
      @Consumes(madeEvent, { durable: 'things' })
      async delivery(_delivery: Delivery<typeof namedEvent>): Promise<void> {}
    }

    expect(Wrong).toBeDefined();
  });
});

async function bound(...controllers: Type[]): Promise<ContractServer> {
  const server = new ContractServer({ service: 'demo', transport: new InProcessTransport() });
  const app = await microservice(server, ...controllers);
  await app.init();
  return server;
}

async function microservice(server: ContractServer, ...controllers: Type[]): Promise<INestMicroservice> {
  @Module({ controllers })
  class DemoModule {}
  return NestFactory.createMicroservice<MicroserviceOptions>(DemoModule, {
    strategy: server,
    logger: false,
    abortOnError: false,
  });
}
