import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeCursor } from '@support101/contracts';
import { runCompleted, runStarted, runStepExecuted } from '@support101/contracts/agent-runtime';
import { requestOpened } from '@support101/contracts/hitl';
import { listActivity } from '@support101/contracts/learning';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { webhookReceived } from '@support101/contracts/webhook-gateway';
import { newId } from '@support101/service-kit';
import { operatorOf } from '@support101/service-testing';
import { anExampleOf, eventually, redis } from '@support101/testing';
import { HashingEmbedder } from './hashing-embedder.js';
import { aTenant, LoneLearning } from './lone-learning.js';

describe.each(['in memory', 'on Redis'])('the activity list, its newest kept %s', (kept) => {
  let learning: LoneLearning;
  let server: Awaited<ReturnType<typeof redis>> | undefined;

  beforeAll(async () => {
    server = kept === 'in memory' ? undefined : await redis();
    learning = await LoneLearning.boot(new HashingEmbedder(), 'native', server?.url);
    await eventually(async () => server === undefined || (await learning.running.parts['activity']?.())?.state === 'up');
  }, 60_000);

  afterAll(async () => {
    await learning?.close();
    await server?.close();
  });

  const code = (expected: string) => expect.objectContaining({ code: expected });

  describe('the activity', () => {
    it('shows what happened to customers’ work, newest first, page by page, and to nobody else', async () => {
      const tenantId = aTenant();
      const run = { runId: newId('run'), agentId: newId('agt') };
      await learning.publish(runStarted, tenantId, anExampleOf(runStarted.data, { ...run, blueprint: 'support_agent' }));
      await learning.publish(runStepExecuted, tenantId, anExampleOf(runStepExecuted.data, run));
      await learning.publish(runCompleted, tenantId, anExampleOf(runCompleted.data, { ...run, outcome: 'resolved' }));

      const first = await learning.ask(listActivity, { limit: 1 }, operatorOf(tenantId));
      const rest = await learning.ask(listActivity, { limit: 1, cursor: first.nextCursor ?? '' }, operatorOf(tenantId));

      expect(first.data).toMatchObject([{ ...run, summary: 'A run completed: resolved', resource: `run:${run.runId}` }]);
      expect(rest).toMatchObject({ data: [{ ...run, summary: 'A run of support_agent was accepted' }], nextCursor: null });
      expect((await learning.ask(listActivity, {}, operatorOf(aTenant()))).data).toEqual([]);
    });

    it('has an event once that is delivered again, and one that comes after the list was read', async () => {
      const tenantId = aTenant();
      const [first, second] = [newId('evt'), newId('evt')];
      const list = async () => (await learning.ask(listActivity, {}, operatorOf(tenantId))).data.map(({ eventId }) => eventId);
      const deliver = (eventId: typeof first) =>
        learning.publish(webhookReceived, tenantId, anExampleOf(webhookReceived.data), { id: eventId });
      await deliver(first);
      expect(await list()).toEqual([first]);

      for (const eventId of [second, first, second]) await deliver(eventId);

      await eventually(async () => expect((await list()).toSorted()).toEqual([first, second].toSorted()));
    });

    it('is the same from the stream and from Postgres, also beyond what the stream keeps', async () => {
      const tenantId = aTenant();
      for (let n = 0; n < 230; n += 1) await learning.publish(runStarted, tenantId, anExampleOf(runStarted.data));
      const page = async (cursor?: string) =>
        learning.ask(listActivity, { limit: 100, ...(cursor === undefined ? {} : { cursor }) }, operatorOf(tenantId));
      const all = async () => {
        const [one, two] = [await page(), await page((await page()).nextCursor ?? '')];
        const three = await page(two.nextCursor ?? '');
        return { ids: [one, two, three].flatMap(({ data }) => data.map(({ eventId }) => eventId)), end: three.nextCursor };
      };

      const [cold, warm] = [await all(), await all()];

      expect(new Set(cold.ids).size).toBe(230);
      expect(cold.end).toBeNull();
      expect(warm).toEqual(cold);
    }, 30_000);

    it('can be of one type', async () => {
      const tenantId = aTenant();
      await learning.publish(requestOpened, tenantId, anExampleOf(requestOpened.data));
      await learning.publish(runStarted, tenantId, anExampleOf(runStarted.data));

      const { data } = await learning.ask(listActivity, { type: 'hitl.requests.opened.v1' }, operatorOf(tenantId));

      expect(data.map(({ type }) => type)).toEqual(['hitl.requests.opened.v1']);
    });

    it('is forgotten with its tenant, also what happened late', async () => {
      const tenantId = aTenant();
      const list = async () => (await learning.ask(listActivity, {}, operatorOf(tenantId))).data;
      await learning.publish(runStarted, tenantId, anExampleOf(runStarted.data));

      await learning.publish(tenantDeleted, tenantId, { tenantId, force: true });

      await eventually(async () => expect(await list()).toEqual([]));
      for (let count = 0; count < 2; count += 1) {
        await learning.publish(runStarted, tenantId, anExampleOf(runStarted.data));
        expect(await list()).toEqual([]);
      }
    });

    it.each(['nonsense', encodeCursor(['yesterday', newId('evt')]), encodeCursor(['2026-99-99T00:00:00.000Z', newId('evt')])])(
      'refuses the cursor %s',
      async (cursor) => {
        await expect(learning.ask(listActivity, { cursor }, operatorOf(aTenant()))).rejects.toEqual(code('cursor_invalid'));
      },
    );
  });

  it('has answered every contract of activity, with every error it declares', () => {
    expect(learning.unseen((subject) => subject.startsWith('learning.activity.'))).toEqual([]);
  });
});
