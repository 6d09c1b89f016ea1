import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { callerOf, LoneHitl } from './lone-hitl.js';

const unknown = {
  policyId: 'pol_01jd5m6wz5f9r8x2k3c4v7b6n1',
  calendarId: 'cal_01jd5m6wz5f9r8x2k3c4v7b6n1',
  reviewerId: 'rev_01jd5m6wz5f9r8x2k3c4v7b6n1',
  agentId: 'agt_01jd5m6wz5f9r8x2k3c4v7b6n1',
  runId: 'run_01jd5m6wz5f9r8x2k3c4v7b6n1',
} as const;
const code = (expected: string) => expect.objectContaining({ code: expected });
const admin = (tenantId: TenantId) => callerOf(tenantId, 'key_admin', ['admin']);

let hitl: LoneHitl;

beforeAll(async () => {
  hitl = await LoneHitl.boot();
});

afterAll(async () => {
  await hitl?.close();
});

describe('a reviewer', () => {
  it('is made once per idempotency key, read, listed and changed', async () => {
    const tenantId = hitl.tenant();
    const caller = { ...admin(tenantId), idempotencyKey: 'ann' };
    const input = { name: 'Ann', principalId: 'key_ann', skills: ['Billing', 'billing'], capacity: 3 };

    const made = await hitl.ask(contract.createReviewer, input, caller);
    const again = await hitl.ask(contract.createReviewer, input, caller);

    expect(made).toMatchObject({
      tenantId,
      name: 'Ann',
      skills: ['Billing'],
      capacity: 3,
      available: true,
      openAssignments: 0,
      version: 1,
    });
    expect(again).toEqual(made);
    expect(await hitl.ask(contract.getReviewer, made, admin(tenantId))).toEqual(made);
    const { reviewerId } = made;
    const changed = await hitl.ask(contract.updateReviewer, { reviewerId, available: false, principalId: null }, admin(tenantId));
    expect(changed).toMatchObject({ available: false, principalId: null, name: 'Ann', version: 2 });
    const unchanged = await hitl.ask(contract.updateReviewer, { reviewerId, available: false }, admin(tenantId));
    expect(unchanged.version).toBe(2);
    const away = await hitl.ask(contract.listReviewers, { available: false }, admin(tenantId));
    expect(away.data).toEqual([changed]);
    expect((await hitl.told(contract.reviewerCreated, `reviewer:${reviewerId}`))[0]?.data).toMatchObject({ name: 'Ann' });
    const [updated] = await hitl.told(contract.reviewerUpdated, `reviewer:${reviewerId}`);
    expect(updated?.data.changed).toEqual(['principalId', 'available']);
  });

  it('of a principal that has one, of another version, or of nobody is refused', async () => {
    const tenantId = hitl.tenant();
    const caller = admin(tenantId);
    await hitl.ask(contract.createReviewer, { name: 'Ann', principalId: 'key_ann' }, caller);
    const { reviewerId } = await hitl.ask(contract.createReviewer, { name: 'Bob' }, caller);
    const update = (over: object) => hitl.ask(contract.updateReviewer, { reviewerId, ...over }, caller);

    const twin = { name: 'Anna', principalId: 'key_ann' };
    await expect(hitl.ask(contract.createReviewer, twin, caller)).rejects.toEqual(code('reviewer_exists'));
    await expect(update({ principalId: 'key_ann' })).rejects.toEqual(code('reviewer_exists'));
    await expect(update({ name: 'B', expectedVersion: 2 })).rejects.toEqual(code('version_mismatch'));
    await expect(update({ reviewerId: unknown.reviewerId })).rejects.toEqual(code('reviewer_not_found'));
    await expect(hitl.ask(contract.getReviewer, unknown, caller)).rejects.toEqual(code('reviewer_not_found'));
    await expect(hitl.ask(contract.getReviewer, { reviewerId }, admin(hitl.tenant()))).rejects.toEqual(
      code('reviewer_not_found'),
    );
    await expect(hitl.ask(contract.listReviewers, { cursor: 'x' }, caller)).rejects.toEqual(code('cursor_invalid'));
  });

  it('shows a reviewer what there is to do', async () => {
    const tenantId = hitl.tenant();
    const caller = admin(tenantId);
    const { reviewerId } = await hitl.ask(contract.createReviewer, { name: 'Ann' }, caller);
    const urgent = await hitl.request(tenantId, { priority: 'critical' });
    const waiting = await hitl.request(tenantId);

    const board = await hitl.ask(contract.reviewerDashboard, { reviewerId }, caller);

    expect(board).toMatchObject({ reviewer: { reviewerId, openAssignments: 1 }, pendingInQueue: 1 });
    expect(board.assignments.map(({ requestId }) => requestId)).toEqual([urgent.requestId]);
    expect(board.pending.map(({ requestId }) => requestId)).toEqual([waiting.requestId]);
    expect(board.pending[0]).not.toHaveProperty('context');
    const inHand = await hitl.ask(contract.listAssignments, { reviewerId }, caller);
    expect(inHand.data.map(({ requestId }) => requestId)).toEqual([urgent.requestId]);
    const nobody = { reviewerId: unknown.reviewerId };
    await expect(hitl.ask(contract.reviewerDashboard, nobody, caller)).rejects.toEqual(code('reviewer_not_found'));
    await expect(hitl.ask(contract.listAssignments, nobody, caller)).rejects.toEqual(code('reviewer_not_found'));
    const cursor = 'x';
    await expect(hitl.ask(contract.listAssignments, { reviewerId, cursor }, caller)).rejects.toEqual(code('cursor_invalid'));
  });
});

describe('an SLA policy', () => {
  it('sets the deadlines of the requests opened from now on, the newest one, until it is deleted', async () => {
    const tenantId = hitl.tenant();
    const caller = admin(tenantId);
    const deadline = async () => (await hitl.request(tenantId, { priority: 'high' })).slaDeadline;

    const first = await hitl.ask(contract.createSlaPolicy, { name: 'Fast', minutes: { high: 1 } }, caller);
    const underFirst = await deadline();
    const second = await hitl.ask(contract.createSlaPolicy, { name: 'Slow', minutes: { high: 90 } }, caller);
    const underSecond = await deadline();
    await hitl.ask(contract.deleteSlaPolicy, second, caller);
    const underFirstAgain = await deadline();
    await hitl.ask(contract.deleteSlaPolicy, first, caller);

    expect(first).toMatchObject({ minutes: { critical: 5, high: 1, medium: 60, low: 240 }, calendarId: null, applies: true });
    expect([underFirst, underSecond, underFirstAgain, await deadline()].map((at) => at.slice(11, 16))).toEqual([
      ...['09:01', '10:30', '09:01', '09:15'],
    ]);
    expect((await hitl.told(contract.slaPolicyCreated, `sla-policy:${first.policyId}`))[0]?.data.name).toBe('Fast');
    expect((await hitl.told(contract.slaPolicyDeleted, `sla-policy:${second.policyId}`))[0]?.data.name).toBe('Slow');
  });

  it('counts in the hours of its calendar', async () => {
    const tenantId = hitl.tenant();
    const caller = admin(tenantId);
    const weekly = { monday: [{ from: '08:00', to: '10:30' }], tuesday: [{ from: '08:00', to: '12:00' }] };
    const calendar = { name: 'Office', timeZone: 'Europe/Berlin', weekly, holidays: ['2026-12-25'] };
    const { calendarId } = await hitl.ask(contract.createCalendar, calendar, caller);
    await hitl.ask(contract.createSlaPolicy, { name: 'Office', calendarId }, caller);

    // It is Monday, 10 o'clock in Berlin: half an hour today, the other half tomorrow.
    expect((await hitl.request(tenantId)).slaDeadline).toBe('2026-01-06T07:30:00.000Z');
    await hitl.ask(contract.updateCalendar, { calendarId, holidays: ['2026-01-06'] }, caller);
    expect((await hitl.request(tenantId)).slaDeadline).toBe('2026-01-12T07:30:00.000Z');
  });

  it('is listed and read with whether it applies; one that is not there is refused', async () => {
    const tenantId = hitl.tenant();
    const caller = admin(tenantId);
    const old = await hitl.ask(contract.createSlaPolicy, { name: 'Old' }, caller);
    await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    const latest = await hitl.ask(contract.createSlaPolicy, { name: 'Latest' }, caller);

    const page = await hitl.ask(contract.listSlaPolicies, { limit: 1 }, caller);
    const next = await hitl.ask(contract.listSlaPolicies, { limit: 1, cursor: page.nextCursor ?? '' }, caller);

    expect([page.data, next.data, next.nextCursor]).toEqual([[latest], [{ ...old, applies: false }], null]);
    expect(await hitl.ask(contract.getSlaPolicy, old, caller)).toEqual({ ...old, applies: false });
    await expect(hitl.ask(contract.getSlaPolicy, old, admin(hitl.tenant()))).rejects.toEqual(code('policy_not_found'));
    await expect(hitl.ask(contract.getSlaPolicy, unknown, caller)).rejects.toEqual(code('policy_not_found'));
    await expect(hitl.ask(contract.deleteSlaPolicy, unknown, caller)).rejects.toEqual(code('policy_not_found'));
    await expect(hitl.ask(contract.listSlaPolicies, { cursor: 'x' }, caller)).rejects.toEqual(code('cursor_invalid'));
    const lost = { name: 'x', calendarId: unknown.calendarId };
    await expect(hitl.ask(contract.createSlaPolicy, lost, caller)).rejects.toEqual(code('calendar_not_found'));
  });
});

describe('a business calendar', () => {
  const weekly = { monday: [{ from: '09:00', to: '17:00' }] };

  it('is made, listed, read and changed', async () => {
    const tenantId = hitl.tenant();
    const caller = admin(tenantId);

    const made = await hitl.ask(contract.createCalendar, { name: 'Office', timeZone: 'UTC', weekly }, caller);
    const changed = await hitl.ask(contract.updateCalendar, { calendarId: made.calendarId, timeZone: 'Asia/Tokyo' }, caller);

    expect(made).toMatchObject({ tenantId, name: 'Office', timeZone: 'UTC', weekly, holidays: [], version: 1 });
    expect(changed).toMatchObject({ timeZone: 'Asia/Tokyo', weekly, version: 2 });
    expect(await hitl.ask(contract.getCalendar, made, caller)).toEqual(changed);
    expect((await hitl.ask(contract.listCalendars, {}, caller)).data).toEqual([changed]);
    const [updated] = await hitl.told(contract.calendarUpdated, `calendar:${made.calendarId}`);
    expect(updated?.data.changed).toEqual(['timeZone']);
    await hitl.told(contract.calendarCreated, `calendar:${made.calendarId}`);
  });

  it('is listed with as many others as one message carries', async () => {
    const caller = admin(hitl.tenant());
    const daysFrom = Date.UTC(2026, 0, 1);
    const dayOf = (index: number) => new Date(daysFrom + index * 86_400_000).toISOString().slice(0, 10);
    const calendar = { name: 'x', timeZone: 'UTC', weekly, holidays: Array.from({ length: 1_000 }, (_, index) => dayOf(index)) };
    const made: string[] = [];
    for (let index = 0; index < 80; index += 1) {
      made.unshift((await hitl.ask(contract.createCalendar, calendar, caller)).calendarId);
    }

    const first = await hitl.ask(contract.listCalendars, { limit: 100 }, caller);
    const second = await hitl.ask(contract.listCalendars, { limit: 100, cursor: first.nextCursor ?? '' }, caller);

    const listed = [...first.data, ...second.data].map(({ calendarId }) => calendarId);
    expect(listed.toSorted()).toEqual(made.toSorted());
    expect(second.nextCursor).toBeNull();
  });

  it('that makes no sense, is of another version, or is not there is refused', async () => {
    const caller = admin(hitl.tenant());
    const create = (over: object) => hitl.ask(contract.createCalendar, { name: 'x', timeZone: 'UTC', weekly, ...over }, caller);
    const { calendarId } = await create({});

    for (const over of [
      { timeZone: 'Mars' },
      { weekly: {} },
      { weekly: { monday: [{ from: '9', to: '17:00' }] } },
      { holidays: ['x'] },
    ]) {
      await expect(create(over)).rejects.toEqual(code('validation_failed'));
    }
    const update = (over: object) => hitl.ask(contract.updateCalendar, { calendarId, ...over }, caller);
    await expect(update({ timeZone: 'Mars' })).rejects.toEqual(code('validation_failed'));
    await expect(update({ name: 'y', expectedVersion: 2 })).rejects.toEqual(code('version_mismatch'));
    await expect(update({ calendarId: unknown.calendarId })).rejects.toEqual(code('calendar_not_found'));
    await expect(hitl.ask(contract.getCalendar, unknown, caller)).rejects.toEqual(code('calendar_not_found'));
    await expect(hitl.ask(contract.listCalendars, { cursor: 'x' }, caller)).rejects.toEqual(code('cursor_invalid'));
  });
});

describe('escalation policies', () => {
  const rule: contract.EscalationRule = {
    ...{ name: 'Unsure', trigger: 'low_confidence', level: 'l1', priority: 'low', enabled: true },
    conditions: { confidence: { max: 0.5 } },
  };
  const applying = (tenantId: TenantId) =>
    hitl.ask(
      contract.escalationPolicyOf,
      { tenantId },
      { principal: { type: 'service', id: 'test', roles: [] }, correlationId: 'c' },
    );

  it('replace the default rules: the newest enabled one applies', async () => {
    const tenantId = hitl.tenant();
    const caller = admin(tenantId);

    const byDefault = await applying(tenantId);
    const made = await hitl.ask(
      contract.createEscalationPolicy,
      { name: 'Ours', rules: [rule, { ...rule, name: 'Off', enabled: false }] },
      caller,
    );
    const ours = await applying(tenantId);
    const { policyId } = made;
    await hitl.ask(contract.updateEscalationPolicy, { policyId, enabled: false }, caller);

    expect(byDefault).toEqual({ policyId: null, rules: contract.defaultEscalationRules });
    expect(ours).toEqual({ policyId, rules: [rule] });
    expect(await applying(tenantId)).toEqual(byDefault);
    expect(await applying(hitl.tenant())).toEqual(byDefault);
    await hitl.told(contract.escalationPolicyCreated, `escalation-policy:${policyId}`);
    const [updated] = await hitl.told(contract.escalationPolicyUpdated, `escalation-policy:${policyId}`);
    expect(updated?.data).toMatchObject({ enabled: false, changed: ['enabled'] });
  });

  it('are read, listed, changed and deleted', async () => {
    const tenantId = hitl.tenant();
    const caller = admin(tenantId);
    const made = await hitl.ask(contract.createEscalationPolicy, { name: 'Ours', rules: [rule] }, caller);
    const { policyId } = made;

    const rules = [{ ...rule, conditions: { topic: { in: ['legal'], notIn: ['spam'] }, isVip: true } }];
    const changed = await hitl.ask(contract.updateEscalationPolicy, { policyId, rules, description: 'Of law' }, caller);

    expect(made).toMatchObject({ tenantId, rules: [rule], description: null, enabled: true, applies: true, version: 1 });
    expect(changed).toMatchObject({ rules, description: 'Of law', version: 2 });
    expect(await hitl.ask(contract.getEscalationPolicy, made, caller)).toEqual(changed);
    expect((await hitl.ask(contract.listEscalationPolicies, {}, caller)).data).toEqual([changed]);
    await hitl.ask(contract.deleteEscalationPolicy, { policyId }, caller);
    await hitl.told(contract.escalationPolicyDeleted, `escalation-policy:${policyId}`);
    const gone = code('policy_not_found');
    await expect(hitl.ask(contract.getEscalationPolicy, { policyId }, caller)).rejects.toEqual(gone);
    await expect(hitl.ask(contract.deleteEscalationPolicy, { policyId }, caller)).rejects.toEqual(gone);
    await expect(hitl.ask(contract.updateEscalationPolicy, { policyId, enabled: false }, caller)).rejects.toEqual(gone);
  });

  it('that make no sense or are of another version are refused', async () => {
    const caller = admin(hitl.tenant());
    const create = (rules: unknown[]) => hitl.ask(contract.createEscalationPolicy, { name: 'x', rules: rules as never }, caller);
    const { policyId } = await create([]);

    for (const rules of [[rule, rule], [{ ...rule, conditions: {} }], [{ ...rule, trigger: 'whim' }]]) {
      await expect(create(rules)).rejects.toEqual(code('validation_failed'));
    }
    const stale = { policyId, enabled: false, expectedVersion: 3 };
    await expect(hitl.ask(contract.updateEscalationPolicy, stale, caller)).rejects.toEqual(code('version_mismatch'));
    await expect(hitl.ask(contract.listEscalationPolicies, { cursor: 'x' }, caller)).rejects.toEqual(code('cursor_invalid'));
  });
});

describe('escalating by hand', () => {
  it('puts the reason before a person, as urgent as its level, and is told and resolved', async () => {
    const tenantId = hitl.tenant();
    const caller = admin(tenantId);
    const { runId, agentId } = hitl.run(tenantId);

    const raised = await hitl.ask(
      contract.escalate,
      { runId, reason: 'The customer\nthreatens to leave.', level: 'executive' },
      caller,
    );

    expect(raised).toMatchObject({ type: 'escalation', priority: 'critical', status: 'pending', runId, agentId, version: 1 });
    expect(raised).toMatchObject({ title: 'Escalation: The customer threatens to leave.', options: ['respond', 'reject'] });
    const [told] = await hitl.told(contract.escalationRaised, `request:${raised.requestId}`);
    expect(told?.data).toMatchObject({
      agentId,
      trigger: 'manual',
      level: 'executive',
      reason: 'The customer\nthreatens to leave.',
    });
    const answer = { requestId: raised.requestId, decision: 'respond', response: 'I will call.' };
    expect(await hitl.ask(contract.respondToRequest, answer, caller)).toMatchObject({
      status: 'completed',
      response: 'I will call.',
    });
    expect(await hitl.story(raised.requestId, contract.escalationResolved)).toEqual(['opened', 'raised', 'decided', 'resolved']);
  });

  it('is told like one that a rule of the runtime has raised', async () => {
    const escalation = { rule: 'Angry Customer', trigger: 'negative_sentiment', level: 'l2' };

    const { requestId, runId } = await hitl.wish(hitl.tenant(), { type: 'escalation', priority: 'high', escalation });

    const [told] = await hitl.told(contract.escalationRaised, `request:${requestId}`);
    expect(told).toMatchObject({ principaltype: 'agent', data: { ...escalation, runId, priority: 'high', reason: 'How?' } });
  });

  it('once per idempotency key', async () => {
    const tenantId = hitl.tenant();
    const { agentId } = hitl.run(tenantId);
    const caller = { ...admin(tenantId), idempotencyKey: 'escalate-1' };

    const first = await hitl.ask(contract.escalate, { agentId, reason: 'x' }, caller);
    const again = await hitl.ask(contract.escalate, { agentId, reason: 'x' }, caller);

    expect(first).toMatchObject({ agentId, runId: null, priority: 'medium', escalation: { level: 'l2' } });
    expect(again).toEqual(first);
    expect(await hitl.rows('select 1 from requests where tenant_id = $1', [tenantId])).toHaveLength(1);
  });

  it('nothing, nobody of the tenant, another’s run, or into a full queue is refused', async () => {
    const tenantId = hitl.tenant(1);
    const caller = admin(tenantId);
    const { runId, agentId } = hitl.run(tenantId);
    const foreign = hitl.run(hitl.tenant());
    const raise = (over: object) => hitl.ask(contract.escalate, { reason: 'x', ...over }, caller);

    await expect(raise({})).rejects.toEqual(code('validation_failed'));
    await expect(raise({ agentId: foreign.agentId })).rejects.toEqual(code('agent_not_found'));
    await expect(raise({ runId: foreign.runId })).rejects.toEqual(code('run_not_found'));
    await expect(raise({ runId, agentId: unknown.agentId })).rejects.toEqual(code('validation_failed'));
    await raise({ runId, agentId });
    await expect(raise({ agentId })).rejects.toEqual(code('limit_exceeded'));
  });
});

// The last test of the file: it looks back at what the others have asked.
describe('the tests above', () => {
  it('have seen every contract that is not about requests answered and every error it declares', () => {
    expect(hitl.unseen((subject) => !subject.startsWith('hitl.requests.'))).toEqual([]);
  });
});
