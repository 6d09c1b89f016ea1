import { describe, expect, it } from '@jest/globals';
import { runCompleted, runFailed, ticketCreated, traceRun } from '@support101/contracts/agent-runtime';
import { goldenPathRecorded } from '@support101/contracts/learning';
import { webhookReceived } from '@support101/contracts/webhook-gateway';
import { newId } from '@support101/service-kit';
import { anExampleOf } from '@support101/testing';
import { categoryOf, type GraphChange, ofDecision, ofRunEnd, ofTicket, ofWebhook, type Trace } from './graph.rules.js';

const at = '2026-11-22T12:00:00.000Z';
const run = { runId: newId('run'), agentId: newId('agt'), blueprint: 'support_agent' };

function traceOf(
  input: Record<string, unknown>,
  output: Record<string, unknown> | null = null,
  steps: Trace['steps'] = [],
): Trace {
  const trace = anExampleOf(traceRun.output);
  return { ...trace, run: { ...trace.run, input, output }, steps };
}

const step = (action: string, outcome: 'success' | 'interrupted' = 'success'): Trace['steps'][number] => ({
  ...anExampleOf(traceRun.output.shape.steps.element),
  action,
  outcome,
});
const edges = ({ edges: all }: GraphChange) => all.map(({ kind, fromId, toId }) => `${fromId} ${kind} ${toId}`);

/** Every edge stands between nodes of the change: the database refuses others. */
function expectWhole({ nodes, edges: all }: GraphChange) {
  const keys = nodes.map(({ kind, id }) => `${kind} ${id}`);
  expect(new Set(keys).size).toBe(keys.length);
  for (const edge of all)
    expect(keys).toEqual(expect.arrayContaining([`${edge.fromKind} ${edge.fromId}`, `${edge.toKind} ${edge.toId}`]));
}

describe('the graph', () => {
  it('keeps a completed run with its agent, articles, customer and ticket', () => {
    const articleId = newId('art');
    const end = anExampleOf(runCompleted.data, {
      ...run,
      outcome: 'resolved',
      usedArticleIds: [articleId, articleId],
      confidence: 0.9,
    });
    const trace = traceOf({ customerId: 'c1', ticketId: 't1' }, { category: 'billing' }, [
      step('search'),
      step('ask', 'interrupted'),
      step('answer'),
    ]);

    const change = ofRunEnd(end, at, trace);

    expectWhole(change);
    expect(change.nodes[0]).toMatchObject({ kind: 'Resolution', id: run.runId, category: 'billing', success: true });
    expect(change.nodes[0]?.properties).toMatchObject({ steps: ['search', 'answer'], confidence: 0.9, endedAt: at });
    expect(edges(change).toSorted()).toEqual(
      [
        `${run.runId} EXECUTED_BY ${run.agentId}`,
        `${run.runId} USED_ARTICLE ${articleId}`,
        `c1 ASKED ${run.runId}`,
        `t1 RESOLVED_BY ${run.runId}`,
        'c1 FILED t1',
      ].toSorted(),
    );
  });

  it.each([
    ['resolved', true],
    ['assisted', true],
    ['escalated', false],
    ['abandoned', false],
    ['failed', false],
  ] as const)('takes a run that ended %s as success: %s', (outcome, success) => {
    const change = ofRunEnd(anExampleOf(runCompleted.data, { ...run, outcome }), at, undefined);

    expect(change.nodes[0]?.success).toBe(success);
  });

  it('keeps a failed run whose trace is gone, without customer', () => {
    const change = ofRunEnd(anExampleOf(runFailed.data, run), at, undefined);

    expectWhole(change);
    expect(change.nodes.map(({ kind }) => kind)).toEqual(['Resolution', 'Agent']);
    expect(change.nodes[0]).toMatchObject({ success: false, category: 'general', properties: { outcome: 'failed', steps: [] } });
  });

  it.each([[{ customerId: 7 }], [{ customerId: '' }], [{ customerId: 'x'.repeat(301) }], [{ customerId: 'a\u0000' }], [{}]])(
    'names no customer for %j',
    (input) => {
      const change = ofRunEnd(anExampleOf(runCompleted.data, run), at, traceOf(input));

      expect(change.nodes.map(({ kind }) => kind)).not.toContain('Customer');
    },
  );

  it('takes the category of the output before that of the input', () => {
    expect(categoryOf(traceOf({ category: 'a' }, { category: 'b' }))).toBe('b');
    expect(categoryOf(traceOf({ category: ' a ' }, { category: 7 }))).toBe('a');
    expect(categoryOf(traceOf({ category: ' ' }))).toBe('general');
    expect(categoryOf(undefined)).toBe('general');
  });

  it('keeps a ticket without its subject', () => {
    const data = anExampleOf(ticketCreated.data, { runId: run.runId, customerId: 'c1', subject: 'SECRET' });

    const change = ofTicket(data);

    expectWhole(change);
    expect(edges(change)).toEqual([`${run.runId} OPENED ${data.ticketId}`, `c1 FILED ${data.ticketId}`]);
    expect(JSON.stringify(change)).not.toContain('SECRET');
  });

  it('tells the cases of two providers apart', () => {
    const ticket = { id: '1', requesterId: '2', subject: 'SECRET', status: 'open' };

    const change = ofWebhook(anExampleOf(webhookReceived.data, { provider: 'zendesk', ticket }));

    expectWhole(change);
    expect(edges(change)).toEqual(['zendesk:2 FILED zendesk:1']);
    expect(change.nodes[0]?.properties).toEqual({ status: 'open' });
    expect(ofWebhook(anExampleOf(webhookReceived.data)).nodes).toEqual([]);
  });

  it('takes a decision as the word on the run', () => {
    const decision = anExampleOf(goldenPathRecorded.data, { runId: run.runId });

    expect(ofDecision({ ...decision, effect: 'corrected' }).nodes).toMatchObject([
      { id: run.runId, approved: true, properties: { pathId: decision.pathId } },
    ]);
    expect(ofDecision({ ...decision, effect: 'turned_down' }).nodes).toMatchObject([{ approved: false, properties: {} }]);
    expect(ofDecision({ ...decision, effect: 'used' }).nodes).toEqual([]);
  });
});
