import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeCursor } from '@support101/contracts';
import { runCompleted, runStarted, runStepExecuted } from '@support101/contracts/agent-runtime';
import { requestOpened } from '@support101/contracts/hitl';
import { listActivity } from '@support101/contracts/learning';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { anExampleOf, eventually } from '@support101/testing';
import { HashingEmbedder } from './hashing-embedder.js';
import { aTenant, LoneLearning, operatorOf } from './lone-learning.js';

let learning: LoneLearning;

beforeAll(async () => {
  learning = await LoneLearning.boot(new HashingEmbedder());
});

afterAll(async () => {
  await learning?.close();
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

  it('can be of one type', async () => {
    const tenantId = aTenant();
    await learning.publish(requestOpened, tenantId, anExampleOf(requestOpened.data));
    await learning.publish(runStarted, tenantId, anExampleOf(runStarted.data));

    const { data } = await learning.ask(listActivity, { type: 'hitl.requests.opened.v1' }, operatorOf(tenantId));

    expect(data.map(({ type }) => type)).toEqual(['hitl.requests.opened.v1']);
  });

  it('is forgotten with its tenant', async () => {
    const tenantId = aTenant();
    await learning.publish(runStarted, tenantId, anExampleOf(runStarted.data));

    await learning.publish(tenantDeleted, tenantId, { tenantId, force: true });

    await eventually(async () => {
      expect((await learning.ask(listActivity, {}, operatorOf(tenantId))).data).toEqual([]);
    });
  });

  it.each(['nonsense', encodeCursor(['yesterday', newId('evt')]), encodeCursor(['2026-99-99T00:00:00.000Z', newId('evt')])])(
    'refuses the cursor %s',
    async (cursor) => {
      await expect(learning.ask(listActivity, { cursor }, operatorOf(aTenant()))).rejects.toEqual(code('cursor_invalid'));
    },
  );
});

it('has answered every contract of activity, with every error it declares', () => {
  expect(learning.unseen('learning.activity.')).toEqual([]);
});
