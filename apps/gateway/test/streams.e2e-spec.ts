import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError, type EventId } from '@support101/contracts';
import { getRun } from '@support101/contracts/agent-runtime';
import { watchRun, watchTenant } from '@support101/contracts/gateway';
import { auditOfRun, getAuditEntry, listAudit } from '@support101/contracts/governance';
import { newId } from '@support101/service-kit';
import { acme, GatewayFixture, globex, keys } from './gateway-fixture.js';

const runId = newId('run');
const agentId = newId('agt');
const other = newId('ten');
const ids = [newId('evt'), newId('evt'), newId('evt')].sort() as [EventId, EventId, EventId];

const step = 'agent-runtime.runs.step-executed.v1';

let gateway: GatewayFixture;
const entry = (eventId: EventId, sequence: number) => ({
  ...{ eventId, sequence, tenantId: acme, eventType: 'step_executed' as const, action: 'agent-runtime.runs.step-executed' },
  ...{ resource: `run:${runId}`, outcome: 'success', principal: { type: 'agent', id: agentId }, agentId, runId, requestId: null },
  ...{
    correlationId: 'cor_1',
    details: { runId, step: sequence },
    time: '2026-11-22T12:00:00.000Z',
    hash: 'h',
    previousHash: 'p',
  },
});

const trail = [entry(ids[0], 1), entry(ids[1], 2)];

beforeAll(async () => {
  gateway = await GatewayFixture.start({ heartbeatMs: 20 }, { rpcs: [], events: [], streams: [watchTenant, watchRun] });
  await gateway.answer(getRun, (input) => {
    if (input.runId !== runId) throw new DomainError('run_not_found');
    return {} as never;
  });
  await gateway.answer(auditOfRun, () => ({ data: [...trail], nextCursor: null }));
  await gateway.answer(getAuditEntry, ({ eventId }) => entry(eventId, ids.indexOf(eventId) + 1));
  const refusal = { ...entry(newId('evt'), 4), action: 'gateway.requests.refused' };
  await gateway.answer(listAudit, () => ({
    data: [refusal, entry(ids[2], 3), entry(ids[1], 2), entry(ids[0], 1)],
    nextCursor: null,
  }));
});
afterAll(() => gateway.close());

/** The events of a stream as they come, each as "<id> <type>". */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const [, id, type] = /^id: (.*)\nevent: (.*)$/m.exec(frame) ?? [];
      if (id !== undefined) yield `${id} ${type}`;
    }
  }
}

const happens = (type: string, tenantid = acme) => gateway.publish({ type, tenantid, data: { runId } });

describe('the stream of a run', () => {
  it('begins at its beginning, goes on live, and ends with the run', async () => {
    const response = await gateway.fetch(`/v1/runs/${runId}/events`, { key: keys.viewer });
    const seen = eventsOf(response);

    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect([(await seen.next()).value, (await seen.next()).value]).toEqual([`${ids[0]} ${step}`, `${ids[1]} ${step}`]);
    await happens('agent-runtime.runs.completed.v1');
    trail.push({ ...entry(newId('evt'), 3), action: 'agent-runtime.runs.completed' });
    expect((await seen.next()).value).toMatch(/ agent-runtime\.runs\.completed\.v1$/);
    expect((await seen.next()).done).toBe(true);
  });

  it('goes on after the last event that was received', async () => {
    const response = await gateway.fetch(`/v1/runs/${runId}/events`, { key: keys.viewer, headers: { 'last-event-id': ids[0] } });
    const seen = eventsOf(response);

    expect((await seen.next()).value).toBe(`${ids[1]} ${step}`);
    expect((await seen.next()).value).toMatch(/ agent-runtime\.runs\.completed\.v1$/);
    expect((await seen.next()).done).toBe(true);
  });

  it('ends for a client that has got all of it', async () => {
    const headers = { 'last-event-id': trail.at(-1)?.eventId ?? '' };
    const response = await gateway.fetch(`/v1/runs/${runId}/events`, { key: keys.viewer, headers });

    expect((await eventsOf(response).next()).done).toBe(true);
  });

  it('is a problem for a run that there is not', async () => {
    const response = await gateway.fetch(`/v1/runs/${newId('run')}/events`, { key: keys.viewer });

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'run_not_found' });
  });
});

describe('the stream of a tenant', () => {
  it('gives what was missed, then what happens, of its own tenant and topics only', async () => {
    const options = { key: keys.viewer, headers: { 'last-event-id': ids[1] } };
    const response = await gateway.fetch('/v1/stream?topics=agent-runtime.runs', options);
    const seen = eventsOf(response);

    expect((await seen.next()).value).toBe(`${ids[2]} ${step}`);
    await happens('agent-runtime.runs.failed.v1', globex);
    await happens('hitl.requests.opened.v1');
    await happens('agent-runtime.runs.started.v1');
    await happens('agent-runtime.runs.resumed.v1', globex);
    expect((await seen.next()).value).toMatch(/ agent-runtime\.runs\.started\.v1$/);
    await seen.return(undefined);
  });

  it('leaves out what is on the audit and was no event', async () => {
    const response = await gateway.fetch('/v1/stream', { key: keys.viewer, headers: { 'last-event-id': ids[1] } });
    const seen = eventsOf(response);

    expect((await seen.next()).value).toBe(`${ids[2]} ${step}`);
    await happens('agent-runtime.runs.started.v1');
    expect((await seen.next()).value).toMatch(/ agent-runtime\.runs\.started\.v1$/);
    await seen.return(undefined);
  });

  it('is for those who may come in', async () => {
    expect((await gateway.fetch('/v1/stream')).status).toBe(401);
    expect((await gateway.fetch('/v1/stream?colour=red', { key: keys.viewer })).status).toBe(400);
  });

  it('is not opened by HEAD', async () => {
    for (const path of ['/v1/stream', `/v1/runs/${runId}/events`]) {
      const response = await gateway.fetch(path, { method: 'HEAD', key: keys.viewer });

      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
    }
  });

  it('is a problem for one that names as its last event what is none', async () => {
    const response = await gateway.fetch('/v1/stream', { key: keys.viewer, headers: { 'last-event-id': 'garbage' } });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'validation_failed' });
  });

  it('stays open when its tenant is at its limit: signs of life are no requests', async () => {
    gateway.owners.set(keys.admin, { tenantId: other, roles: ['admin'], keyId: newId('key') });
    gateway.maxRequestsPerMinute = 1;
    const response = await gateway.fetch('/v1/stream', { key: keys.admin });
    gateway.maxRequestsPerMinute = 100_000;
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      if (text.split(': alive').length > 3) break;
    }

    expect(response.headers.get('ratelimit')).toMatch(/^"tenant";r=0;/);
    expect(text.split(': alive').length).toBeGreaterThan(3);
  });
});
