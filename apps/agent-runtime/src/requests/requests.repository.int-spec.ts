import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import { newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import { insertRun, prepare, type Prepared } from '../../test/engines.js';
import { JournalRepository } from '../journal/journal.repository.js';
import { RequestsRepository } from './requests.repository.js';
import { approvalQuestion, contentOf } from '../platform/questions.js';
import { isStoppedBy } from '../platform/stops.js';

describe.each(engines)('a run that waits (%s)', (engine) => {
  const requests = new RequestsRepository();
  const journal = new JournalRepository();
  const now = new Date('2026-11-22T12:00:00.000Z');
  const tenantId: TenantId = newId('ten');
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const inTenant = <T>(run: (tx: Tx) => Promise<T>) => prepared.database.forTenant(tenantId, run);
  const take = (ref: { tenantId: TenantId; runId: `run_${string}` }, owner: string) =>
    inTenant((tx) => journal.take(tx, ref, owner, 60_000, now));

  it('is held by nobody and nobody looks for it, until its request is decided: once', async () => {
    const ref = await insertRun(prepared, tenantId);
    await take(ref, 'a');
    const requestId = newId('req');
    const question = approvalQuestion({ step: 0, position: 0, tool: 'pay' }, '1.0.0', { text: 'five' });
    const content = contentOf(question, requestId, ref);
    const open = (fence: number) =>
      inTenant((tx) => requests.open(tx, { ...ref, step: 0, content, subject: question.subject, at: now }, fence));
    const decide = () => inTenant((tx) => requests.decide(tx, ref, { requestId, decision: 'approve' }, now));

    expect(await open(9).catch((error: unknown) => isStoppedBy(error, 'lease_lost'))).toBe(true);
    await open(1);
    expect(await inTenant((tx) => journal.renew(tx, ref, 1, 3_000))).toBe(false);
    expect(await take(ref, 'b')).toBeUndefined();
    const due = await prepared.database.asSystem('job-refill', (tx) => journal.due(tx, undefined, 100));
    expect(due.map((row) => row.runId)).not.toContain(ref.runId);

    expect([await decide(), await decide()]).toEqual([ref.agentId, undefined]);
    const taken = await take(ref, 'b');
    expect(taken).toMatchObject({
      fence: 3,
      pending: { requestId, step: 0, action: content.action, subject: question.subject, decision: { decision: 'approve' } },
      asked: [],
    });
    expect(taken?.timeLeftMs).toBeGreaterThan(4_000);

    await inTenant((tx) => requests.apply(tx, tenantId, ref.runId, requestId));
    await inTenant((tx) => journal.release(tx, ref, 3));
    expect(await take(ref, 'c')).toMatchObject({ pending: null, asked: [{ requestId }] });
    expect(await inTenant((tx) => requests.decisions(tx, tenantId, ref.runId))).toEqual([{ requestId, decision: 'approve' }]);
  });
});
