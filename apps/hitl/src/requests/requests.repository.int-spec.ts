import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines, type Prepared } from '@support101/service-testing';
import { aRequest, idsOf, insertRequest, openedAt, prepare } from '../../test/engines.js';
import { type RequestFilter, RequestsRepository } from './requests.repository.js';
import { RequestsTotalsRepository } from './requests-totals.repository.js';

const later = (minutes: number) => new Date(openedAt.getTime() + minutes * 60_000);

describe.each(engines)('RequestsRepository (%s)', (engine) => {
  const requests = new RequestsRepository();
  const totals = new RequestsTotalsRepository();
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const list = (tenantId: TenantId, filter: RequestFilter, limit = 10) =>
    prepared.database.forTenant(tenantId, (tx) => requests.list(tx, tenantId, filter, limit));

  it('gives back what was inserted, as a pending request of version 1', async () => {
    const tenantId = newId('ten');
    const action = { tool: 'refund', toolVersion: '1', arguments: { lines: [{ amount: 5 }] }, digest: 'a'.repeat(64) };
    const evidence = [{ articleId: newId('art'), title: 'Refunds', text: 'Within 30 days 🙂', score: 0.5 }];
    const given = { action, evidence, context: { a: [null] }, skills: ['billing'], runId: newId('run'), expiresAt: later(90) };

    const { requestId } = await insertRequest(prepared, tenantId, { ...given, draft: 'Try “this”.' });

    const row = await prepared.database.forTenant(tenantId, (tx) => requests.find(tx, tenantId, requestId));
    expect(row).toMatchObject({
      ...given,
      requestId,
      hasAction: true,
      status: 'pending',
      version: 1,
      rank: 2,
      createdAt: openedAt,
    });
    expect(row).toMatchObject({ assignedTo: null, claimedBy: null, slaBreachedAt: null, edits: null, closedAt: null });
  });

  it('keeps one request of an id, and each tenant’s apart', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    const { requestId } = await insertRequest(prepared, acme);

    const again = await prepared.database.forTenant(acme, (tx) => requests.insert(tx, aRequest(acme, { requestId }), null));
    const foreign = await prepared.database.forTenant(globex, (tx) => requests.find(tx, acme, requestId));

    expect(again).toBeUndefined();
    expect(foreign).toBeUndefined();
    await expect(insertRequest(prepared, globex, { requestId })).resolves.toMatchObject({ tenantId: globex });
  });

  it('saves the version that was read, and nothing when it is another one', async () => {
    const tenantId = newId('ten');
    const row = await insertRequest(prepared, tenantId);
    const claimed = {
      ...row,
      status: 'assigned',
      assignedTo: 'key_ann',
      claimedBy: 'key_ann',
      claimExpiresAt: later(15),
    } as const;
    const decided = { ...row, status: 'completed', decision: 'edit', edits: { answer: 'x' }, closedAt: later(1) } as const;

    const first = await prepared.database.forTenant(tenantId, (tx) => requests.save(tx, claimed, later(15)));
    const second = await prepared.database.forTenant(tenantId, (tx) => requests.save(tx, decided, null));

    expect(first).toMatchObject({ version: 2, claimedBy: 'key_ann', claimExpiresAt: later(15) });
    expect(second).toBeUndefined();
    const stored = await prepared.database.forTenant(tenantId, (tx) => requests.findForUpdate(tx, tenantId, row.requestId));
    expect(stored).toEqual(first);
  });

  it('of two that save the same version at once lets one win', async () => {
    const tenantId = newId('ten');
    const row = await insertRequest(prepared, tenantId);

    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        prepared.database.forTenant(tenantId, (tx) => requests.save(tx, { ...row, reason: String(index) }, null)),
      ),
    );

    expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1);
  });

  it('lists the most urgent first, then the oldest, page by page', async () => {
    const tenantId = newId('ten');
    const low = await insertRequest(prepared, tenantId, { priority: 'low' });
    const newer = await insertRequest(prepared, tenantId, { priority: 'high', createdAt: later(2) });
    const older = await insertRequest(prepared, tenantId, { priority: 'high', createdAt: later(1) });
    const critical = await insertRequest(prepared, tenantId, { priority: 'critical', createdAt: later(3) });
    const inOrder = idsOf([critical, older, newer, low]);

    const first = await list(tenantId, { statuses: ['pending', 'assigned'] }, 2);
    const second = await list(tenantId, { after: first[1] }, 2);

    expect([...idsOf(first), ...idsOf(second)]).toEqual(inOrder);
    expect(await list(tenantId, { after: second[1] })).toEqual([]);
  });

  it('lists by every filter', async () => {
    const tenantId = newId('ten');
    const [agentId, runId] = [newId('agt'), newId('run')];
    const plain = await insertRequest(prepared, tenantId);
    const marked = await insertRequest(prepared, tenantId, { type: 'approval', priority: 'high', agentId, runId });
    const held = { ...marked, status: 'assigned', assignedTo: 'key_ann' } as const;
    await prepared.database.forTenant(tenantId, (tx) => requests.save(tx, held, null));

    const filters: RequestFilter[] = [
      ...([{ statuses: ['assigned'] }, { priority: 'high' }, { type: 'approval' }] as const),
      ...[{ assignee: 'key_ann' }, { agentId }, { runId }],
    ];

    for (const filter of filters) expect(idsOf(await list(tenantId, filter))).toEqual([marked.requestId]);
    expect(idsOf(await list(tenantId, { statuses: ['pending'] }))).toEqual([plain.requestId]);
    expect(await list(tenantId, { statuses: ['completed', 'expired'] })).toEqual([]);
  });

  it('lists a reviewer’s requests by the principal who signs in as the reviewer', async () => {
    const tenantId = newId('ten');
    const row = await insertRequest(prepared, tenantId);
    await prepared.database.forTenant(tenantId, async (tx) => {
      await tx.query(
        `insert into reviewers (tenant_id, reviewer_id, name, principal_id, capacity, available, version, created_at, updated_at)
         values ($1, 'rev_ann', 'Ann', 'key_ann', 1, true, 1, $2, $2)`,
        [tenantId, openedAt],
      );
      await requests.save(tx, { ...row, status: 'assigned', assignedTo: 'rev_ann' }, null);
    });

    expect(idsOf(await list(tenantId, { assignee: 'key_ann' }))).toEqual([row.requestId]);
    expect(idsOf(await list(tenantId, { assignee: 'rev_ann' }))).toEqual([row.requestId]);
    expect(await list(tenantId, { assignee: 'key_bob' })).toEqual([]);
  });

  it('finds what falls due, of all tenants, soonest first, a batch at a time', async () => {
    const long = new Date('2020-01-01T00:00:00Z');
    const due = (minute: number) => new Date(long.getTime() + minute * 60_000);
    const rows = [];
    for (const minute of [3, 1, 2, 2]) rows.push(await insertRequest(prepared, newId('ten'), {}, due(minute)));
    await insertRequest(prepared, newId('ten'), {}, null);
    const page = (after?: Parameters<typeof requests.due>[2]) =>
      prepared.database.asSystem('test', (tx) => requests.due(tx, due(3), after, 2));

    const first = await page();
    const second = await page(first.at(-1));

    expect(first.map(({ nextDueAt }) => nextDueAt)).toEqual([due(1), due(2)]);
    expect(second.map(({ nextDueAt }) => nextDueAt)).toEqual([due(2)]);
    expect(idsOf([...first, ...second]).sort()).toEqual(idsOf(rows.slice(1)).sort());
  });

  it('walks the index of open requests for the queue', async () => {
    const tenantId = newId('ten');
    await insertRequest(prepared, tenantId);

    const plan = await prepared.database.forTenant(tenantId, async (tx) => {
      await tx.query('set local enable_seqscan = off');
      await tx.query('set local enable_sort = off');
      const rows = await tx.query<{ 'QUERY PLAN': string }>(
        `explain select request_id from requests where tenant_id = '${tenantId}' and status in ('pending', 'assigned')
         order by rank, created_at, request_id limit 10`,
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });

    expect(plan).toContain('requests_open_idx');
  });

  describe('the totals', () => {
    const open = (tenantId: TenantId, limit: number) =>
      prepared.database.forTenant(tenantId, (tx) => totals.open(tx, tenantId, limit, 'escalation'));

    it('never count more open requests than the limit, however many come at once', async () => {
      const tenantId = newId('ten');

      const taken = await Promise.all(Array.from({ length: 12 }, () => open(tenantId, 5)));

      expect(taken.filter(Boolean)).toHaveLength(5);
      expect(await open(tenantId, 6)).toBe(true);
      expect(await open(newId('ten'), 0)).toBe(false);
    });

    it('add up what was closed, and how long it took', async () => {
      const tenantId = newId('ten');
      for (let index = 0; index < 3; index += 1) await open(tenantId, 10);
      const close = (status: 'completed' | 'expired', decisionMs: number) =>
        prepared.database.forTenant(tenantId, (tx) => totals.close(tx, tenantId, { status, type: 'escalation', decisionMs }));

      await close('completed', 3_000_000_000);
      await close('completed', 1_000);
      await close('expired', 0);
      await prepared.database.forTenant(tenantId, (tx) => totals.breach(tx, tenantId));

      expect(await prepared.database.forTenant(tenantId, (tx) => totals.read(tx, tenantId))).toEqual({
        ...{ escalationsOpen: 0, escalations: 3, completed: 2, expired: 1, cancelled: 0, breached: 1 },
        ...{ decisionMs: 3_000_001_000, reviewers: 0, availableReviewers: 0 },
      });
    });

    it('of a tenant that never had a request are zeros', async () => {
      const tenantId = newId('ten');

      const read = await prepared.database.forTenant(tenantId, (tx) => totals.read(tx, tenantId));

      expect(new Set(Object.values(read))).toEqual(new Set([0]));
    });

    it('count open requests by status and priority', async () => {
      const tenantId = newId('ten');
      await insertRequest(prepared, tenantId, { priority: 'high' });
      await insertRequest(prepared, tenantId, { priority: 'high', slaDeadline: later(5) });

      const counts = await prepared.database.forTenant(tenantId, (tx) => totals.countOpen(tx, tenantId, later(5)));

      expect(counts).toEqual([{ status: 'pending', priority: 'high', count: 2, breached: 1 }]);
    });
  });
});
