import { describe, expect, it } from '@jest/globals';
import type { Interrupt } from '@support101/agent-kit';
import type { RunDecision } from '@support101/contracts/agent-runtime';
import { defaultEscalationRules, RequestContent } from '@support101/contracts/hitl';
import { newId } from '@support101/service-kit';
import { approvalOf, effectStep, stepsOfOthers, verdictOn } from './decisions.js';
import { approvalQuestion, contentOf, digestOf, type Asked, type Subject } from './questions.js';

const asker = { tenantId: newId('ten'), runId: newId('run'), agentId: newId('agt') };
const at = { step: 2, position: 0, tool: 'pay' };
const action = { tool: 'pay', toolVersion: '1.0.0', arguments: { text: 'five' } };
const digest = digestOf(action, asker);
const interrupt: Interrupt = { type: 'review', title: 'T', question: 'Q', options: ['approve'], priority: 'low', context: {} };

function asked(step: number, subject: Subject, decision: Partial<RunDecision> = {}): Asked {
  const requestId = newId('req');
  const content = subject.kind === 'approval' ? { ...action, digest } : null;
  return { requestId, step, subject, action: content, rule: null, decision: { requestId, decision: 'approve', ...decision } };
}

describe('what a person is shown', () => {
  it('names articles and golden paths by their ids, and fits the contract', () => {
    const [articleId, pathId] = [newId('art'), newId('gpt')];
    const evidence = [articleId, pathId, 'elsewhere'].map((id) => ({ articleId: id, title: 'T', excerpt: 'E', score: 0.5 }));

    const content = contentOf({ interrupt: { ...interrupt, evidence }, subject: { kind: 'agent' } }, newId('req'), asker);

    expect(content.evidence).toEqual([
      { articleId, title: 'T', text: 'E', score: 0.5 },
      { pathId, title: 'T', text: 'E', score: 0.5 },
      { title: 'T', text: 'E', score: 0.5 },
    ]);
    expect(RequestContent.parse(content)).toEqual(content);
  });

  it('has the rule that wants it asked, and the more urgent priority of the two', () => {
    const rule = defaultEscalationRules.find(({ trigger }) => trigger === 'sensitive_topic');

    const content = contentOf({ interrupt, subject: { kind: 'agent' }, rule }, newId('req'), asker);

    expect(content).toMatchObject({ priority: 'critical', escalation: { rule: 'Sensitive Topic', level: 'manager' } });
  });

  it('has the digest of exactly the call that waits', () => {
    const content = contentOf(approvalQuestion(at, '1.0.0', { text: 'five' }), newId('req'), asker);

    expect(content.action).toEqual({ ...action, digest });
    expect(digestOf(action, { ...asker, runId: newId('run') })).not.toBe(digest);
    expect(digestOf({ ...action, toolVersion: '1.0.1' }, asker)).not.toBe(digest);
  });
});

describe('the approval of a call', () => {
  const approval: Subject = { kind: 'approval', ...at };
  const call = { at, toolVersion: '1.0.0', arguments: { text: 'five' } };
  const edits = { text: 'four' };
  const edited = digestOf({ ...action, arguments: edits }, asker);

  it.each([
    ['approved', { decision: 'approve', actionDigest: digest }, {}],
    ['edited', { decision: 'edit', edits, actionDigest: edited }, { edited: edits }],
  ])('that was %s allows it', (_how, decision, expected) => {
    const request = asked(2, approval, decision);

    expect(approvalOf(call, [request], asker)).toEqual({ requestId: request.requestId, ...expected });
  });

  it.each([
    ['was rejected', approval, { decision: 'reject' }],
    ['has no digest', approval, { decision: 'approve' }],
    ['has the digest of something else', approval, { decision: 'approve', actionDigest: edited }],
    ['has edits that its digest does not bind', approval, { decision: 'edit', edits: { text: 'fifty' }, actionDigest: edited }],
    ['is of another call of the step', { ...approval, position: 1 }, { decision: 'approve', actionDigest: digest }],
    ['is of another step', { ...approval, step: 7 }, { decision: 'approve', actionDigest: digest }],
  ] as const)('that %s allows nothing', (_how, subject, decision) => {
    expect(approvalOf(call, [asked(2, subject, decision)], asker)).toBeUndefined();
  });
});

describe('a step that is carried out anew after a question of the runtime', () => {
  it('has its effects under the number of the first try', () => {
    const again = [asked(2, { kind: 'approval', ...at })];

    expect([4, 5].map((step) => effectStep(step, again))).toEqual([2, 5]);
    expect(effectStep(4, [asked(2, { kind: 'agent' })])).toBe(4);
    expect(effectStep(6, [...again, asked(4, { kind: 'approval', ...at, position: 1 })])).toBe(2);
  });

  it('does not count among the agent’s steps, nor do decisions', () => {
    expect(stepsOfOthers([asked(1, { kind: 'agent' }), asked(3, { kind: 'approval', ...at })])).toBe(3);
  });
});

it('a verdict on an unknown effect is about one try', () => {
  const verdict = asked(2, { kind: 'effect', ...at, attempt: 1 }, { decision: 'retry' });

  expect([1, 2].map((attempt) => verdictOn(at, attempt, [verdict]))).toEqual(['retry', undefined]);
});
