import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeCursor, type TenantId } from '@support101/contracts';
import { runCompleted, traceRun } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/learning';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { operatorOf } from '@support101/service-testing';
import { anExampleOf, eventually } from '@support101/testing';
import { HashingEmbedder } from './hashing-embedder.js';
import { aTenant, LoneLearning } from './lone-learning.js';

let learning: LoneLearning;

beforeAll(async () => {
  learning = await LoneLearning.boot(new HashingEmbedder());
});

afterAll(async () => {
  await learning?.close();
});

/** Lets as many runs of a category end, each by these steps. */
async function ended(tenantId: TenantId, count: number, actions: string[], outcome: 'resolved' | 'escalated' = 'resolved') {
  for (let index = 0; index < count; index += 1) {
    const runId = newId('run');
    const trace = anExampleOf(traceRun.output);
    const step = anExampleOf(traceRun.output.shape.steps.element, { outcome: 'success' });
    const steps = actions.map((action) => ({ ...step, action }));
    learning.traces.set(runId, { ...trace, run: { ...trace.run, input: { category: 'billing' } }, steps });
    await learning.publish(
      runCompleted,
      tenantId,
      anExampleOf(runCompleted.data, { runId, blueprint: 'support_agent', outcome }),
    );
  }
}

const extract = (tenantId: TenantId, category = 'billing') =>
  learning.ask(contract.extractPlaybook, { category }, operatorOf(tenantId));
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a playbook', () => {
  it('is drafted from cases that agree, with its failures, and told about', async () => {
    const tenantId = aTenant();
    await ended(tenantId, 3, ['search', 'answer']);
    await ended(tenantId, 1, ['search'], 'escalated');

    const made = await extract(tenantId);

    expect(made).toMatchObject({
      status: 'draft',
      steps: ['search', 'answer'],
      successCount: 3,
      failureCount: 1,
      successRate: 0.75,
    });
    expect(made.sources).toHaveLength(3);
    expect(await learning.ask(contract.getPlaybook, { playbookId: made.playbookId }, operatorOf(tenantId))).toEqual(made);
    expect((await learning.event(contract.playbookDrafted, tenantId)).data).toMatchObject({
      category: 'billing',
      successCount: 3,
    });
  });

  it('is brought up to date by drafting again', async () => {
    const tenantId = aTenant();
    await ended(tenantId, 3, ['answer']);
    const { playbookId } = await extract(tenantId);
    await ended(tenantId, 1, ['answer']);

    const again = await extract(tenantId);

    expect(again).toMatchObject({ playbookId, successCount: 4 });
    expect((await learning.ask(contract.listPlaybooks, {}, operatorOf(tenantId))).data).toEqual([again]);
  });

  it('needs three cases of its category and tenant', async () => {
    const tenantId = aTenant();
    await ended(tenantId, 2, ['answer']);

    await expect(extract(tenantId)).rejects.toEqual(code('playbook_samples_missing'));
    await ended(tenantId, 1, ['answer']);
    await expect(extract(tenantId, 'general')).rejects.toEqual(code('playbook_samples_missing'));
    await expect(extract(aTenant())).rejects.toEqual(code('playbook_samples_missing'));
  });

  it('is not there for another tenant, and forgotten with its own', async () => {
    const tenantId = aTenant();
    await ended(tenantId, 3, ['answer']);
    const { playbookId } = await extract(tenantId);
    const get = (of: TenantId) => learning.ask(contract.getPlaybook, { playbookId }, operatorOf(of));

    await expect(get(aTenant())).rejects.toEqual(code('playbook_not_found'));
    await learning.publish(tenantDeleted, tenantId, { tenantId, force: true });

    await eventually(() => expect(get(tenantId)).rejects.toEqual(code('playbook_not_found')));
  });

  it('is listed page by page, and by category', async () => {
    const tenantId = aTenant();
    await ended(tenantId, 3, ['a']);
    const first = await extract(tenantId);
    await ended(tenantId, 4, ['b']);
    const second = await extract(tenantId);
    const list = (input: { limit?: number; cursor?: string; category?: string }) =>
      learning.ask(contract.listPlaybooks, input, operatorOf(tenantId));

    const page = await list({ limit: 1 });

    expect(page.data).toEqual([second]);
    expect(await list({ limit: 1, cursor: page.nextCursor ?? '' })).toEqual({ data: [first], nextCursor: null });
    expect((await list({ category: 'other' })).data).toEqual([]);
    await expect(list({ cursor: encodeCursor(['run_1']) })).rejects.toEqual(code('cursor_invalid'));
  });
});

it('has answered every contract of playbooks, with every error it declares', () => {
  expect(learning.unseen((subject) => subject.startsWith('learning.playbooks.'))).toEqual([]);
});
