import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCancelled, runFailed, runTimedOut } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/hitl';
import { anExampleOf } from '@support101/testing';
import { callerOf, LoneHitl } from './lone-hitl.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

let hitl: LoneHitl;

beforeAll(async () => {
  hitl = await LoneHitl.boot();
});

afterAll(async () => {
  await hitl?.close();
});

describe('the deadline', () => {
  it.each([
    ['cancelled', runCancelled, 'The run was cancelled.'],
    ['failed', runFailed, 'The run has failed.'],
    ['timed out', runTimedOut, 'The run has timed out.'],
  ] as const)('of a run that has ended (%s) is no more: its open request is taken back', async (_, ended, reason) => {
    const tenantId = hitl.tenant();
    const { requestId, runId, agentId } = await hitl.wish(tenantId);

    await hitl.publish<typeof runCancelled>(ended as never, tenantId, anExampleOf(ended.data, { runId, agentId }) as never);

    const closed = { status: 'cancelled', reason, slaState: 'met' };
    expect(await hitl.ask(contract.getRequest, { requestId }, callerOf(tenantId))).toMatchObject(closed);
    expect(await hitl.ask(contract.listRequests, {}, callerOf(tenantId))).toMatchObject({ data: [] });
    await hitl.pass(120);
    expect(await hitl.story(requestId, contract.requestCancelled)).toEqual(['opened', 'cancelled']);
    expect(await hitl.ask(contract.hitlStats, {}, callerOf(tenantId))).toMatchObject({ openBreached: 0, breachedTotal: 0 });
  });

  it('is warned of and breached once each, and not a moment early', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId, { priority: 'high' });
    const get = () => hitl.ask(contract.getRequest, { requestId }, callerOf(tenantId));

    await hitl.pass(11.24);
    expect([hitl.storySoFar(requestId), (await get()).slaState]).toEqual([['opened'], 'on_track']);
    await hitl.pass(0.02);
    await hitl.story(requestId, contract.requestSlaWarned);
    expect((await get()).slaState).toBe('at_risk');
    await hitl.pass(3.73);
    expect(hitl.storySoFar(requestId)).toEqual(['opened', 'sla-warned']);
    await hitl.pass(0.02);

    const [breach] = await hitl.told(contract.requestSlaBreached, `request:${requestId}`);
    expect(breach).toMatchObject({ principaltype: 'service', correlationid: 'cor_of_a_run', outcome: 'breached' });
    await hitl.pass(300);
    expect(hitl.storySoFar(requestId)).toEqual(['opened', 'sla-warned', 'sla-breached']);
    const late = await hitl.ask(contract.respondToRequest, { requestId, decision: 'approve' }, callerOf(tenantId));
    expect(late.slaState).toBe('missed');
    expect(await hitl.ask(contract.hitlStats, {}, callerOf(tenantId))).toMatchObject({ openBreached: 0, breachedTotal: 1 });
  });

  it('does not matter any more once the request is decided', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId, { priority: 'critical' });

    await hitl.ask(contract.respondToRequest, { requestId, decision: 'approve' }, callerOf(tenantId));
    await hitl.pass(30);

    expect(await hitl.story(requestId, contract.requestDecided)).toEqual(['opened', 'decided']);
  });
});

describe('a claim', () => {
  it('runs out after a quarter of an hour and puts the request back', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId);
    await hitl.ask(contract.claimRequest, { requestId }, callerOf(tenantId));

    await hitl.pass(14.9);
    const held = await hitl.ask(contract.getRequest, { requestId }, callerOf(tenantId));
    await hitl.pass(0.2);
    const [released] = await hitl.told(contract.requestReleased, `request:${requestId}`);

    expect(held.status).toBe('assigned');
    expect(released?.data.how).toBe('lease_expired');
    expect(await hitl.ask(contract.claimRequest, { requestId }, callerOf(tenantId, 'key_bob'))).toMatchObject({
      assignedTo: 'key_bob',
    });
  });

  it('that is renewed lasts as long from then', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId, { priority: 'low' });
    const claim = () => hitl.ask(contract.claimRequest, { requestId }, callerOf(tenantId));
    await claim();

    await hitl.pass(10);
    await claim();
    await hitl.pass(10);

    expect(await hitl.story(requestId, contract.requestAssigned)).toEqual(['opened', 'assigned']);
    await hitl.pass(5.1);
    expect(await hitl.story(requestId, contract.requestReleased)).toEqual(['opened', 'assigned', 'released']);
  });
});

describe('an expiry', () => {
  it('closes the request undecided', async () => {
    const tenantId = hitl.tenant();
    const expiresAt = new Date(hitl.clock.now().getTime() + 60_000).toISOString();
    const { requestId } = await hitl.request(tenantId, { expiresAt });

    await hitl.pass(1);

    expect(await hitl.story(requestId, contract.requestExpired)).toEqual(['opened', 'expired']);
    const answer = { requestId, decision: 'approve' };
    await expect(hitl.ask(contract.respondToRequest, answer, callerOf(tenantId))).rejects.toEqual(code('request_closed'));
    const expired = await hitl.ask(contract.getRequest, { requestId }, callerOf(tenantId));
    expect(expired).toMatchObject({ status: 'expired', slaState: 'missed', decision: null });
  });
});

describe('a process that ends', () => {
  it('has its timers again when it starts, and does what fell due meanwhile, once', async () => {
    const tenantId = hitl.tenant();
    const overdue = await hitl.request(tenantId, { priority: 'critical' });
    const claimed = await hitl.request(tenantId, { priority: 'low' });
    const coming = await hitl.request(tenantId, { priority: 'low' });
    await hitl.ask(contract.claimRequest, claimed, callerOf(tenantId));

    await hitl.restart(() => hitl.clock.set(new Date(hitl.clock.now().getTime() + 20 * 60_000)));
    await hitl.story(overdue.requestId, contract.requestSlaBreached);
    await hitl.story(claimed.requestId, contract.requestReleased);
    await hitl.restart();
    await hitl.pass(161);

    expect(await hitl.story(coming.requestId, contract.requestSlaWarned)).toEqual(['opened', 'sla-warned']);
    expect(hitl.storySoFar(overdue.requestId)).toEqual(['opened', 'sla-breached']);
    const told = await hitl.story(claimed.requestId, contract.requestSlaWarned);
    expect(told).toEqual(['opened', 'assigned', 'released', 'sla-warned']);
  });

  it('never tells a breach twice, however its end and the answer fall together', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId, { priority: 'critical' });

    await hitl.restart(() => hitl.clock.set(new Date(hitl.clock.now().getTime() + 6 * 60_000)));
    const answer = hitl.ask(contract.respondToRequest, { requestId, decision: 'approve' }, callerOf(tenantId));

    expect(await answer).toMatchObject({ status: 'completed', slaState: 'missed' });
    await hitl.pass(60);
    expect(await hitl.story(requestId, contract.requestDecided)).toEqual(['opened', 'sla-breached', 'decided']);
  });
});

describe('the totals', () => {
  it('are those of the rows, after all of the above', async () => {
    const [difference] = await hitl.rows(
      `select t.tenant_id from queue_totals t join lateral (
         select count(*) filter (where status in ('pending', 'assigned')) as open, count(sla_breached_at) as breached,
           count(*) filter (where status = 'completed') as completed, count(*) filter (where status = 'expired') as expired
         from requests r where r.tenant_id = t.tenant_id) r on true
       where (t.open_count, t.breached, t.completed, t.expired) is distinct from (r.open, r.breached, r.completed, r.expired)`,
    );

    expect(difference).toBeUndefined();
  });
});
