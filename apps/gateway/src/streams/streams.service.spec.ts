import { beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, type EventEnvelope, type EventId, type Rpc, type TenantCaller, type TenantId } from '@support101/contracts';
import { type LiveFact, watchRun, watchTenant } from '@support101/contracts/gateway';
import { type AuditEntry, auditOfRun, getAuditEntry, listAudit } from '@support101/contracts/governance';
import type { CommandClient } from '@support101/messaging';
import { VirtualClock } from '@support101/testing';
import type { GatewayParts } from '../platform/parts.js';
import { StreamsTrailService } from './streams-trail.service.js';
import { StreamsService } from './streams.service.js';

const tenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' as TenantId;
const runId = 'run_01jd5m6wz5f9r8x2k3c4v7b6n1';
const caller: TenantCaller = { tenantId, principal: { type: 'key', id: 'key_1', roles: [] }, correlationId: 'cor_1' };

let time: VirtualClock;
let observers: Set<(event: EventEnvelope) => void>;
/** Oldest first. */
let chain: AuditEntry[];
let auditIsAway: boolean;
let service: StreamsService;
let happenings: number;

/** Numbers that look random and are always the same. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** The id of an event that happens now. */
function nextId(): EventId {
  const digits = '0123456789abcdefghjkmnpqrstvwxyz';
  const base32 = (value: number, length: number): string =>
    length === 0 ? '' : base32(Math.floor(value / 32), length - 1) + (digits[value % 32] ?? '');
  return `evt_${base32(time.now().getTime(), 10)}${base32((happenings += 1), 16)}`;
}

function eventOf(resource: string, type = 'hitl.requests.opened.v1'): EventEnvelope {
  return {
    ...{ specversion: '1.0', id: nextId(), source: 'test', type, subject: resource, time: time.now().toISOString() },
    ...{ datacontenttype: 'application/json', tenantid: tenantId, principaltype: 'service', principalid: 'test' },
    ...{ outcome: 'success', correlationid: 'cor_1', data: { runId } },
  };
}

const publish = (event: EventEnvelope) => observers.forEach((observer) => observer(event));

function record({ id, type, subject, outcome, time: at, data }: EventEnvelope): void {
  const entry = { eventId: id, sequence: chain.length + 1, action: type.slice(0, -3), resource: subject, outcome, time: at };
  chain.push({ ...entry, details: data } as unknown as AuditEntry);
}

/** Pages of two, so that there are always several. */
function pageOf(entries: readonly AuditEntry[], { cursor = '0' }: { cursor?: string }) {
  const end = Number(cursor) + 2;
  return { data: entries.slice(Number(cursor), end), nextCursor: end < entries.length ? String(end) : null };
}

async function answer({ subject }: Rpc, input: { cursor?: string; eventId?: string }): Promise<unknown> {
  if (auditIsAway) throw new DomainError('service_unavailable');
  // A cursor is a place in the chain: what is added does not move it.
  if (subject === listAudit.subject) {
    const upTo = Number(input.cursor ?? chain.length);
    const begin = Math.max(0, upTo - 2);
    return { data: chain.slice(begin, upTo).reverse(), nextCursor: begin > 0 ? String(begin) : null };
  }
  if (subject === auditOfRun.subject) return pageOf(chain, input);
  if (subject !== getAuditEntry.subject) return {};
  const entry = chain.find(({ eventId }) => eventId === input.eventId);
  if (entry === undefined) throw new DomainError('audit_entry_not_found');
  return entry;
}

beforeEach(() => {
  time = new VirtualClock('2026-11-22T12:00:00Z');
  observers = new Set();
  chain = [];
  auditIsAway = false;
  happenings = 0;
  const client = { call: answer } as unknown as CommandClient;
  const observe = async (_filter: unknown, listener: (event: EventEnvelope) => void) => {
    observers.add(listener);
    return { close: async () => void observers.delete(listener) };
  };
  const parts = { transport: { observe }, time } as unknown as GatewayParts;
  service = new StreamsService(client, new StreamsTrailService(client), parts);
});

/** Listens until it is closed; what it gets, and whether it was ended. */
async function listen(contract: typeof watchTenant | typeof watchRun, lastId?: string) {
  const got: LiveFact[] = [];
  const heard = { got, ended: false, close: async () => undefined as void };
  const listener = {
    send: (fact: LiveFact) => !heard.ended && got.push(fact) > 0,
    end: () => void (heard.ended = true),
  };
  const input = contract === watchRun ? { runId } : {};
  const subscription = await service.open(contract, input, { caller, lastId, listener });
  heard.close = () => subscription.close();
  return heard;
}

const idsOf = (facts: readonly { id: string }[]) => facts.map(({ id }) => id);

describe('the stream of a tenant', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('loses no fact, however often the client comes back (%s)', async (seed) => {
    const roll = dice(seed);
    const happened: string[] = [];
    const got = new Set<string>();
    let lastId: string | undefined;
    let heard: Awaited<ReturnType<typeof listen>> | undefined = await listen(watchTenant);
    const free = new Map<string, number>();
    /** The order of a resource holds; over resources each takes its time. */
    const soon = (lane: string, mostMs: number, run: () => void) => {
      const at = Math.max(time.now().getTime() + roll(mostMs), free.get(lane) ?? 0);
      free.set(lane, at);
      time.schedule(at - time.now().getTime(), run);
    };
    const happen = () => {
      const resource = `request:${roll(12)}`;
      const event = eventOf(resource);
      happened.push(event.id);
      soon(`live ${resource}`, 300, () => {
        publish(event);
        soon(`audit ${resource}`, roll(8) === 0 ? 4_000 : 150, () => record(event));
      });
    };
    const drop = async () => {
      for (const fact of heard?.got ?? []) got.add(fact.id);
      lastId = heard?.got.at(-1)?.id ?? lastId;
      await heard?.close();
      heard = undefined;
    };

    for (let tick = 0; tick < 600; tick += 1) {
      if (tick < 500 && roll(2) === 0) happen();
      if (heard !== undefined && roll(6) === 0) await drop();
      else if (heard === undefined && roll(2) === 0) heard = await listen(watchTenant, lastId);
      await time.advance(50);
    }
    heard ??= await listen(watchTenant, lastId);
    await time.advance(10_000);
    await drop();

    expect(happened.filter((id) => !got.has(id))).toEqual([]);
  });

  it('gives later what was on its way to the audit when the client came back', async () => {
    const [last, late] = [eventOf('request:1'), eventOf('request:2')];
    record(last);
    const heard = await listen(watchTenant, last.id);
    await time.advance(1_000);
    record(late);
    await time.advance(5_000);

    expect(idsOf(heard.got)).toEqual([late.id]);
  });

  it('repeats nothing from long before', async () => {
    const facts = Array.from({ length: 6 }, () => {
      const event = eventOf('request:1');
      record(event);
      time.set(new Date(time.now().getTime() + 60_000));
      return event;
    });
    const heard = await listen(watchTenant, facts[3]?.id);

    expect(idsOf(heard.got)).toEqual(idsOf(facts.slice(4)));
  });

  it('lets a listener go that may miss something, since the audit does not answer', async () => {
    const last = eventOf('request:1');
    record(last);
    const heard = await listen(watchTenant, last.id);
    auditIsAway = true;
    await time.advance(4_000);

    expect(heard.ended).toBe(false);
    await time.advance(2_000);
    expect(heard.ended).toBe(true);
  });

  it('gives a listener that asks for nothing of the past only what happens', async () => {
    record(eventOf('request:1'));
    const heard = await listen(watchTenant);
    auditIsAway = true;
    const event = eventOf('request:1');
    publish(event);
    await time.advance(20_000);

    expect([idsOf(heard.got), heard.ended]).toEqual([[event.id], false]);
  });
});

describe('the stream of a run', () => {
  const completed = 'agent-runtime.runs.completed.v1';
  const ofRun = (type = 'agent-runtime.runs.step-executed.v1') => eventOf(`run:${runId}`, type);

  it('of a finished run ends, whatever the client has got already', async () => {
    const [first, end, after] = [ofRun(), ofRun(completed), ofRun('learning.feedback.given.v1')];
    for (const event of [first, end, after]) record(event);
    const heard = [await listen(watchRun), await listen(watchRun, first.id), await listen(watchRun, end.id)];

    expect(heard.map(({ got, ended }) => [idsOf(got), ended])).toEqual([
      [[first.id, end.id], true],
      [[end.id], true],
      [[], true],
    ]);
  });

  it('gives the end behind all that is before it, though some of that came to the audit late', async () => {
    const [first, second, end] = [ofRun(), ofRun(), ofRun(completed)];
    record(first);
    const heard = await listen(watchRun);
    publish(end);
    await time.advance(300);
    expect([idsOf(heard.got), heard.ended]).toEqual([[first.id], false]);
    record(second);
    record(end);
    await time.advance(5_000);

    expect([idsOf(heard.got), heard.ended]).toEqual([[first.id, second.id, end.id], true]);
  });

  it('gives the end also when it never comes to the audit', async () => {
    const heard = await listen(watchRun);
    const end = ofRun(completed);
    publish(end);
    await time.advance(6_000);

    expect([idsOf(heard.got), heard.ended]).toEqual([[end.id], true]);
  });

  it('gives the end at once when nothing can be missing any more', async () => {
    const heard = await listen(watchRun);
    await time.advance(6_000);
    publish(ofRun(completed));

    expect(heard.ended).toBe(true);
  });

  it('is refused to one that names as its last fact what is none', async () => {
    await expect(listen(watchRun, 'garbage')).rejects.toMatchObject({ code: 'validation_failed' });
    await expect(listen(watchTenant, 'garbage')).rejects.toMatchObject({ code: 'validation_failed' });
  });
});
