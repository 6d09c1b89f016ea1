import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Caller, encodeCursor, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { eventually } from '@support101/testing';
import { digestOf } from '../src/platform/action-digest.js';
import { callerOf, LoneHitl } from './lone-hitl.js';

const unknown = { request: 'req_01jd5m6wz5f9r8x2k3c4v7b6n1', reviewer: 'rev_01jd5m6wz5f9r8x2k3c4v7b6n1' } as const;
const code = (expected: string) => expect.objectContaining({ code: expected });
const reviewerRole = (tenantId: TenantId, id?: string) => callerOf(tenantId, id);
const admin = (tenantId: TenantId, id = 'key_admin') => callerOf(tenantId, id, ['admin']);

let hitl: LoneHitl;

beforeAll(async () => {
  hitl = await LoneHitl.boot();
});

afterAll(async () => {
  await hitl?.close();
});

function reviewer(tenantId: TenantId, over: object = {}): Promise<contract.Reviewer> {
  return hitl.ask(contract.createReviewer, { name: 'Ann', ...over }, admin(tenantId));
}

describe('a run that asks a person', () => {
  it('has its request in the queue, with all that was said, and told to everybody', async () => {
    const tenantId = hitl.tenant();
    const evidence = [{ articleId: newId('art'), title: 'Passwords', text: 'Open …', score: 0.3 }];

    const wish = await hitl.wish(tenantId, { evidence, context: { customer: 'c1' }, priority: 'medium' });

    const request = await hitl.ask(contract.getRequest, { requestId: wish.requestId }, reviewerRole(tenantId));
    const { blueprint: _, blueprintVersion: __, step: ___, ...content } = wish;
    expect(request).toMatchObject({ ...content, tenantId, status: 'pending', assignedTo: null, decision: null, version: 1 });
    expect(request).toMatchObject({ slaState: 'on_track', createdAt: '2026-01-05T09:00:00.000Z', expiresAt: null });
    expect(request.slaDeadline).toBe('2026-01-05T10:00:00.000Z');
    const [opened] = await hitl.told(contract.requestOpened, `request:${wish.requestId}`);
    expect(opened).toMatchObject({
      tenantid: tenantId,
      correlationid: 'cor_of_a_run',
      data: { runId: wish.runId, type: 'review' },
    });
  });

  it('has one request however often it is told', async () => {
    const tenantId = hitl.tenant();
    const wish = await hitl.wish(tenantId);

    await hitl.wish(tenantId, wish);

    const { data } = await hitl.ask(contract.listRequests, { status: 'all' }, reviewerRole(tenantId));
    expect(data).toHaveLength(1);
    expect(await hitl.story(wish.requestId, contract.requestOpened)).toEqual(['opened']);
  });

  it('is refused when the queue is full, and taken again when there is room', async () => {
    const tenantId = hitl.tenant(2);
    const [first] = [await hitl.request(tenantId), await hitl.request(tenantId)];

    const refused = await hitl.wish(tenantId);
    await hitl.ask(contract.respondToRequest, { requestId: first.requestId, decision: 'approve' }, reviewerRole(tenantId));
    const taken = await hitl.wish(tenantId);

    expect((await hitl.told(contract.requestRefused, `request:${refused.requestId}`))[0]).toMatchObject({
      outcome: 'refused',
      data: { runId: refused.runId, limit: 2 },
    });
    const get = (requestId: typeof unknown.request) => hitl.ask(contract.getRequest, { requestId }, reviewerRole(tenantId));
    await expect(get(refused.requestId as typeof unknown.request)).rejects.toEqual(code('request_not_found'));
    await expect(get(taken.requestId as typeof unknown.request)).resolves.toMatchObject({ status: 'pending' });
  });

  it('of another tenant is not there', async () => {
    const { requestId } = await hitl.request(hitl.tenant());
    const globex = reviewerRole(hitl.tenant());

    for (const contractOf of [contract.getRequest, contract.claimRequest, contract.unassignRequest] as const) {
      await expect(hitl.ask(contractOf, { requestId }, globex)).rejects.toEqual(code('request_not_found'));
    }
    const answer = { requestId, decision: 'approve' };
    await expect(hitl.ask(contract.respondToRequest, answer, globex)).rejects.toEqual(code('request_not_found'));
    expect(await hitl.ask(contract.listRequests, {}, globex)).toEqual({ data: [], nextCursor: null });
  });
});

describe('the queue', () => {
  it('lists open requests, the most urgent first, page by page', async () => {
    const tenantId = hitl.tenant();
    const caller = reviewerRole(tenantId);
    const made = [];
    for (const priority of ['low', 'critical', 'high', 'critical'] as const)
      made.push(await hitl.request(tenantId, { priority }));
    const [low, critical, high, other] = made.map(({ requestId }) => requestId);
    await hitl.ask(contract.respondToRequest, { requestId: other ?? '', decision: 'approve' } as never, caller);

    const first = await hitl.ask(contract.listRequests, { limit: 2 }, caller);
    const second = await hitl.ask(contract.listRequests, { limit: 2, cursor: first.nextCursor ?? '' }, caller);

    expect([...first.data, ...second.data].map(({ requestId }) => requestId)).toEqual([critical, high, low]);
    expect(second.nextCursor).toBeNull();
    const all = await hitl.ask(contract.listRequests, { status: 'all' }, caller);
    expect(all.data).toHaveLength(4);
    const completed = await hitl.ask(contract.listRequests, { status: 'completed' }, caller);
    expect(completed.data.map(({ requestId }) => requestId)).toEqual([other]);
  });

  it('ends a page early when its requests are large', async () => {
    const tenantId = hitl.tenant();
    for (let index = 0; index < 5; index += 1) await hitl.wish(tenantId, { context: { log: '日'.repeat(80_000) } });

    const first = await hitl.ask(contract.listRequests, {}, reviewerRole(tenantId));
    const cursor = first.nextCursor ?? '';
    const second = await hitl.ask(contract.listRequests, { cursor }, reviewerRole(tenantId));

    expect([first.data.length, second.data.length, second.nextCursor]).toEqual([3, 2, null]);
  });

  it.each([
    ['no cursor at all', 'x'],
    ['one of another list', encodeCursor([unknown.request])],
    ['a rank there is not', encodeCursor([4, 0, unknown.request])],
    ['a time there is not', encodeCursor([1, 9e15, unknown.request])],
  ])('refuses a cursor that is %s', async (_what, cursor) => {
    await expect(hitl.ask(contract.listRequests, { cursor }, reviewerRole(hitl.tenant()))).rejects.toEqual(
      code('cursor_invalid'),
    );
  });

  it('shows its numbers', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId, { priority: 'high' });
    await hitl.request(tenantId, { priority: 'low', type: 'escalation' });
    await reviewer(tenantId, { available: false });
    await hitl.ask(contract.respondToRequest, { requestId, decision: 'reject' }, reviewerRole(tenantId));

    expect(await hitl.ask(contract.hitlStats, {}, reviewerRole(tenantId))).toEqual({
      byStatus: { pending: 1, assigned: 0, completed: 1, expired: 0, cancelled: 0 },
      openByPriority: { critical: 0, high: 0, medium: 0, low: 1 },
      ...{ openBreached: 0, breachedTotal: 0, averageSecondsToDecision: 0 },
      escalations: { open: 1, total: 1 },
      reviewers: { total: 1, available: 0 },
    });
  });
});

describe('claiming', () => {
  it('makes the caller the holder, and is seen by "me" and by the own id', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId);

    const claimed = await hitl.ask(contract.claimRequest, { requestId }, reviewerRole(tenantId));

    expect(claimed).toMatchObject({
      status: 'assigned',
      assignedTo: 'key_ann',
      claimExpiresAt: '2026-01-05T09:15:00.000Z',
      version: 2,
    });
    for (const assignee of ['me', 'key_ann']) {
      const { data } = await hitl.ask(contract.listRequests, { assignee }, reviewerRole(tenantId));
      expect(data.map((each) => each.requestId)).toEqual([requestId]);
    }
    expect((await hitl.ask(contract.listRequests, { assignee: 'me' }, reviewerRole(tenantId, 'key_bob'))).data).toEqual([]);
    expect((await hitl.told(contract.requestAssigned, `request:${requestId}`))[0]?.data).toMatchObject({ how: 'claimed' });
  });

  it('is the reviewer’s where the principal has a reviewer record', async () => {
    const tenantId = hitl.tenant();
    const { reviewerId } = await reviewer(tenantId, { principalId: 'key_ann' });
    const { requestId } = await hitl.request(tenantId);

    const claimed = await hitl.ask(contract.claimRequest, { requestId }, reviewerRole(tenantId));

    expect(claimed.assignedTo).toBe(reviewerId);
    const mine = await hitl.ask(contract.listAssignments, { reviewerId }, reviewerRole(tenantId));
    expect(mine.data.map((each) => each.requestId)).toEqual([requestId]);
  });

  it('keeps others out of claiming, answering, putting back and giving away; an administrator may', async () => {
    const tenantId = hitl.tenant();
    const { reviewerId } = await reviewer(tenantId);
    const { requestId } = await hitl.request(tenantId);
    await hitl.ask(contract.claimRequest, { requestId }, reviewerRole(tenantId));
    const bob = reviewerRole(tenantId, 'key_bob');

    await expect(hitl.ask(contract.claimRequest, { requestId }, bob)).rejects.toEqual(code('request_claimed'));
    await expect(hitl.ask(contract.unassignRequest, { requestId }, bob)).rejects.toEqual(code('request_claimed'));
    await expect(hitl.ask(contract.assignRequest, { requestId, reviewerId }, bob)).rejects.toEqual(code('request_claimed'));
    const answer = { requestId, decision: 'approve' };
    await expect(hitl.ask(contract.respondToRequest, answer, bob)).rejects.toEqual(code('request_claimed'));
    const released = await hitl.ask(contract.unassignRequest, { requestId }, admin(tenantId));
    expect(released).toMatchObject({ status: 'pending', assignedTo: null, claimExpiresAt: null });
    expect(await hitl.story(requestId, contract.requestReleased)).toEqual(['opened', 'assigned', 'answer-refused', 'released']);
  });
});

describe('assignment', () => {
  it('gives a request to a reviewer who is there and has room', async () => {
    const tenantId = hitl.tenant();
    const { reviewerId } = await reviewer(tenantId, { capacity: 1 });
    const [first, second] = [await hitl.request(tenantId), await hitl.request(tenantId)];
    const give = ({ requestId }: { requestId: contract.HitlRequest['requestId'] }) =>
      hitl.ask(contract.assignRequest, { requestId, reviewerId }, reviewerRole(tenantId));

    const assigned = await give(first);

    expect(assigned).toMatchObject({ status: 'assigned', assignedTo: reviewerId, claimExpiresAt: null });
    await expect(give(second)).rejects.toEqual(code('reviewer_unavailable'));
    expect(await hitl.ask(contract.getRequest, second, reviewerRole(tenantId))).toMatchObject({ status: 'pending', version: 1 });
    const { openAssignments } = await hitl.ask(contract.getReviewer, { reviewerId }, reviewerRole(tenantId));
    expect(openAssignments).toBe(1);
  });

  it('of critical and high requests happens by itself: skills first, then the least to do', async () => {
    const tenantId = hitl.tenant();
    const ann = await reviewer(tenantId, { skills: ['Billing'], capacity: 2 });
    const bob = await reviewer(tenantId, { name: 'Bob', capacity: 2 });
    const holders = async (priority: contract.RequestPriority, skills: string[] = []) =>
      (await hitl.request(tenantId, { priority, skills })).assignedTo;

    const assigned = [await holders('critical'), await holders('high'), await holders('high', ['billing'])];
    const rest = [
      await holders('critical'),
      await holders('high'),
      await holders('critical', ['legal']),
      await holders('medium'),
    ];

    expect(new Set(assigned.slice(0, 2))).toEqual(new Set([ann.reviewerId, bob.reviewerId]));
    expect(assigned[2]).toBe(ann.reviewerId);
    // One place is left, nobody knows the law, and what is not urgent waits to be taken.
    expect(rest).toEqual([bob.reviewerId, null, null, null]);
  });

  it('never gives anybody more than there is room for, however many requests come at once', async () => {
    const tenantId = hitl.tenant();
    const made = [await reviewer(tenantId, { capacity: 3 }), await reviewer(tenantId, { capacity: 2 })];

    await Promise.all(Array.from({ length: 12 }, () => hitl.wish(tenantId, { priority: 'critical' })));

    const { data } = await hitl.ask(contract.listReviewers, {}, reviewerRole(tenantId));
    expect(new Map(data.map(({ reviewerId, openAssignments }) => [reviewerId, openAssignments]))).toEqual(
      new Map(made.map(({ reviewerId, capacity }) => [reviewerId, capacity])),
    );
  });

  it('to nobody, of nothing, or of what is closed is refused', async () => {
    const tenantId = hitl.tenant();
    const caller = reviewerRole(tenantId);
    const { reviewerId } = await reviewer(tenantId);
    const { requestId } = await hitl.request(tenantId);
    const assign = (over: object) => hitl.ask(contract.assignRequest, { requestId, reviewerId, ...over }, caller);

    await expect(assign({ reviewerId: unknown.reviewer })).rejects.toEqual(code('reviewer_not_found'));
    await expect(assign({ requestId: unknown.request })).rejects.toEqual(code('request_not_found'));
    await hitl.ask(contract.cancelRequest, { requestId, reason: 'moot' }, admin(tenantId));
    await expect(assign({})).rejects.toEqual(code('request_closed'));
    await expect(hitl.ask(contract.claimRequest, { requestId }, caller)).rejects.toEqual(code('request_closed'));
    await expect(hitl.ask(contract.unassignRequest, { requestId }, caller)).rejects.toEqual(code('request_closed'));
  });
});

describe('an answer', () => {
  it('closes the request for good, with who gave it and why', async () => {
    const tenantId = hitl.tenant();
    const { requestId, runId } = await hitl.request(tenantId);
    const edits = { answer: 'Ask your administrator.' };

    const answered = await hitl.ask(
      contract.respondToRequest,
      { requestId, decision: 'edit', edits, reason: 'out of date' },
      reviewerRole(tenantId),
    );

    expect(answered).toMatchObject({ status: 'completed', decision: 'edit', edits, reason: 'out of date', decidedBy: 'key_ann' });
    expect(answered).toMatchObject({ slaState: 'met', decidedAt: '2026-01-05T09:00:00.000Z', version: 2, decidedDigest: null });
    const [decided] = await hitl.told(contract.requestDecided, `request:${requestId}`);
    expect(decided).toMatchObject({ principalid: 'key_ann', outcome: 'edit' });
    expect(decided?.data).toMatchObject({
      runId,
      decision: 'edit',
      edits,
      decidedBy: { type: 'key', id: 'key_ann' },
      version: 2,
    });
  });

  it('to an action allows exactly what was shown, or exactly what was edited', async () => {
    const tenantId = hitl.tenant();
    const expiresAt = '2026-01-06T09:00:00Z';
    const given = { tool: 'refund', toolVersion: '2', arguments: { amount: 500, currency: 'EUR' } };
    const { runId } = hitl.run(tenantId);
    const digest = digestOf({ ...given, tenantId, runId, expiresAt });
    const wish = { type: 'approval', runId, action: { ...given, digest }, expiresAt } as const;
    const respond = async (answer: { decision: string; edits?: Record<string, unknown> }) => {
      const { requestId } = await hitl.request(tenantId, wish);
      return hitl.ask(contract.respondToRequest, { requestId, ...answer }, reviewerRole(tenantId));
    };

    const approved = await respond({ decision: 'approve' });
    const edited = await respond({ decision: 'edit', edits: { currency: 'EUR', amount: 5 } });
    const rejected = await respond({ decision: 'reject' });

    expect(approved.decidedDigest).toBe(digest);
    const editedDigest = digestOf({ ...given, arguments: { amount: 5, currency: 'EUR' }, tenantId, runId, expiresAt });
    expect(edited).toMatchObject({ decidedDigest: editedDigest, action: { digest } });
    expect(editedDigest).not.toBe(digest);
    expect(rejected.decidedDigest).toBeNull();
    const [told] = await hitl.told(contract.requestDecided, `request:${edited.requestId}`);
    expect(told?.data.actionDigest).toBe(editedDigest);
  });

  it.each([
    ['decision_not_offered', { decision: 'shrug' }],
    ['edits_invalid', { decision: 'edit', edits: { response: 'x' } }],
    ['edits_invalid', { decision: 'approve', edits: { answer: 'x' } }],
    ['validation_failed', { decision: 'respond' }],
    ['version_mismatch', { decision: 'approve', expectedVersion: 7 }],
  ])('is refused as %s: %j', async (expected, answer) => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId);

    await expect(hitl.ask(contract.respondToRequest, { requestId, ...answer }, reviewerRole(tenantId))).rejects.toEqual(
      code(expected),
    );

    expect(await hitl.ask(contract.getRequest, { requestId }, reviewerRole(tenantId))).toMatchObject({
      status: 'pending',
      version: 1,
    });
    expect(await hitl.told(contract.answerRefused, `request:${requestId}`)).toMatchObject([
      {
        ...{ tenantid: tenantId, principalid: 'key_ann', outcome: 'refused' },
        data: { requestId, decision: answer.decision, code: expected, detail: expect.any(String) },
      },
    ]);
  });

  it('that is none at all is refused before anybody looks at it', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId);

    const answer = { requestId, decision: 'approve', reason: '\u0000' };
    await expect(hitl.ask(contract.respondToRequest, answer, reviewerRole(tenantId))).rejects.toEqual(code('validation_failed'));

    expect(await hitl.ask(contract.getRequest, { requestId }, reviewerRole(tenantId))).toMatchObject({ version: 1 });
  });

  it('by another tenant is refused, and told to that one only', async () => {
    const { requestId, tenantId } = await hitl.request(hitl.tenant());
    const globex = hitl.tenant();

    const answer = hitl.ask(contract.respondToRequest, { requestId, decision: 'approve' }, reviewerRole(globex));
    await expect(answer).rejects.toEqual(code('request_not_found'));

    const told = await hitl.told(contract.answerRefused, `request:${requestId}`);
    expect(told.map((event) => [event.tenantid, event.data.code])).toEqual([[globex, 'request_not_found']]);
    expect(await hitl.ask(contract.getRequest, { requestId }, reviewerRole(tenantId))).toMatchObject({ version: 1 });
  });

  it('to what was decided or cancelled is refused', async () => {
    const tenantId = hitl.tenant();
    const [decided, cancelled] = [await hitl.request(tenantId), await hitl.request(tenantId)];
    const respond = ({ requestId }: contract.HitlRequest) =>
      hitl.ask(contract.respondToRequest, { requestId, decision: 'approve' }, reviewerRole(tenantId));
    const cancel = (requestId: contract.HitlRequest['requestId']) =>
      hitl.ask(contract.cancelRequest, { requestId, reason: 'moot' }, admin(tenantId));

    await respond(decided);
    expect(await cancel(cancelled.requestId)).toMatchObject({
      status: 'cancelled',
      reason: 'moot',
      decision: null,
      decidedAt: null,
    });

    await expect(respond(decided)).rejects.toEqual(code('request_already_decided'));
    await expect(respond(cancelled)).rejects.toEqual(code('request_closed'));
    await expect(cancel(decided.requestId)).rejects.toEqual(code('request_closed'));
    await expect(cancel(unknown.request)).rejects.toEqual(code('request_not_found'));
    const story = await hitl.story(cancelled.requestId, contract.answerRefused);
    expect(story).toEqual(['opened', 'cancelled', 'answer-refused']);
  });

  it('by an agent is refused', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId);
    const agent: Caller = { ...reviewerRole(tenantId), principal: { type: 'agent', id: newId('agt'), roles: ['admin'] } };

    await expect(hitl.ask(contract.respondToRequest, { requestId, decision: 'approve' }, agent)).rejects.toEqual(
      code('forbidden'),
    );
  });

  it('of many at once is one, and the others hear that it was decided', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId);
    const people = Array.from({ length: 8 }, (_, index) => reviewerRole(tenantId, `key_${index}`));

    const outcomes = await Promise.allSettled(
      people.map((caller) => hitl.ask(contract.respondToRequest, { requestId, decision: 'approve' }, caller)),
    );

    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toHaveLength(7);
    for (const { reason } of lost) expect(reason).toEqual(code('request_already_decided'));
    expect(await hitl.told(contract.requestDecided, `request:${requestId}`)).toHaveLength(1);
  });

  it('with an idempotency key is given once and repeated as it was', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId);
    const caller = { ...reviewerRole(tenantId), idempotencyKey: 'answer-1' };
    const respond = (decision: string) => hitl.askForReply(contract.respondToRequest, { requestId, decision }, caller);

    const first = await respond('approve');
    const again = await respond('approve');

    expect(again.output).toEqual(first.output);
    expect(again.headers['idempotency-replayed']).toBe('true');
    await expect(respond('reject')).rejects.toEqual(code('idempotency_key_reused'));
  });
});

describe('the tenant’s end', () => {
  it('leaves nothing', async () => {
    const tenantId = hitl.tenant();
    const { requestId } = await hitl.request(tenantId, { priority: 'critical' });
    await reviewer(tenantId);

    await hitl.publish(tenantDeleted, tenantId, { tenantId, force: true });

    await eventually(async () => (await hitl.rows('select 1 from requests where tenant_id = $1', [tenantId])).length === 0);
    await expect(hitl.ask(contract.getRequest, { requestId }, reviewerRole(tenantId))).rejects.toEqual(code('request_not_found'));
  });
});

// The last test of the file: it looks back at what the others have asked.
describe('the tests above', () => {
  it('have seen every contract about requests answered and every error it declares', () => {
    expect(hitl.unseen((subject) => subject.startsWith('hitl.requests.'))).toEqual([]);
  });
});
