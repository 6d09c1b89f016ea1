import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { counted, effectsOf, fingerprintText, statusOf, successRate, type Trace, unaided } from './golden-paths.rules.js';

const requestId = 'req_01jd5m6wz5f9r8x2k3c4v7b6n1' as const;
const pathId = 'gpt_01jd5m6wz5f9r8x2k3c4v7b6n1' as const;
const usage = { inputTokens: 0, outputTokens: 0, costMicroUsd: 0, model: null };

function trace(decisions: Trace['decisions'], given: Partial<Trace['run']> = {}, hits: string[] = ['art_1', 'art_2']): Trace {
  return {
    run: {
      runId: 'run_01jd5m6wz5f9r8x2k3c4v7b6n1',
      agentId: 'agt_01jd5m6wz5f9r8x2k3c4v7b6n1',
      tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1',
      blueprint: 'support_agent',
      blueprintVersion: '1.0.0',
      status: 'completed',
      input: { query: 'Do you ship to Iceland?' },
      output: { answer: 'Yes, in nine days.' },
      outcome: 'assisted',
      stepsCount: 2,
      durationMs: 10,
      usage,
      createdAt: '2026-11-22T12:00:00.000Z',
      ...given,
    },
    steps: ['search_knowledge_base', 'ask_person'].map((action, step) => ({
      ...{ step, action, tools: [], outcome: 'success' as const, usage, durationMs: 1, completedAt: '2026-11-22T12:00:00.000Z' },
      result: step === 0 ? { hits: hits.map((articleId) => ({ articleId })) } : {},
    })),
    decisions,
  };
}

describe('effectsOf', () => {
  it('learns the answer that a person wrote, with the whole run as its trace', () => {
    const { lesson } = effectsOf(trace([{ requestId, decision: 'edit', edits: { answer: 'Yes.' }, decidedBy: 'key_1' }]));

    expect(lesson).toEqual({
      question: 'Do you ship to Iceland?',
      answer: 'Yes.',
      origin: 'corrected',
      steps: ['search_knowledge_base', 'ask_person'],
      evidence: ['art_1', 'art_2'],
      runId: 'run_01jd5m6wz5f9r8x2k3c4v7b6n1',
      requestId,
      decidedBy: 'key_1',
    });
  });

  it.each([
    ['respond', { response: 'Yes.' }, 'Yes.', 'corrected'],
    ['edit', { edits: { answer: ' Yes.\n' } }, 'Yes.', 'corrected'],
    ['approve', {}, 'Yes, in nine days.', 'approved'],
  ])('learns from %s', (decision, rest, answer, origin) => {
    expect(effectsOf(trace([{ requestId, decision, ...rest }])).lesson).toMatchObject({ answer, origin });
  });

  it.each(['reject', 'expired', 'cancelled'])('learns no answer from %s', (decision) => {
    expect(effectsOf(trace([{ requestId, decision }], { status: 'failed', output: null })).lesson).toBeUndefined();
  });

  it('learns nothing from a run that no person decided', () => {
    expect(effectsOf(trace([])).lesson).toBeUndefined();
    expect(unaided([pathId])).toEqual({ lesson: undefined, used: [{ pathId, effect: 'used' }] });
  });

  it.each([
    ['approve', 'confirmed'],
    ['edit', 'turned_down'],
    ['reject', 'turned_down'],
  ])('counts %s of an answer that came from a path as %s', (decision, effect) => {
    const { used } = effectsOf(trace([{ requestId, decision, edits: { answer: 'No.' } }], {}, [pathId, 'art_2']));

    expect(used).toEqual([{ pathId, effect }]);
  });
});

describe('counts', () => {
  const none = { successCount: 0, failureCount: 0, useCount: 0 };

  it('retire a path that was turned down too often, and only then', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('confirmed' as const, 'turned_down' as const, 'used' as const), { maxLength: 40 }),
        (effects) => {
          const counts = effects.reduce(counted, counted(none, 'created'));

          expect(statusOf(counts)).toBe(successRate(counts) < 0.3 ? 'retired' : 'active');
          expect(counts.successCount + counts.failureCount + counts.useCount).toBe(effects.length + 1);
        },
      ),
    );
  });
});

describe('fingerprintText', () => {
  it('takes questions that differ in case, blanks and signs for the same', () => {
    expect(fingerprintText('support_agent', '  Do you SHIP to Iceland?? ')).toBe(
      fingerprintText('support_agent', 'do you ship, to iceland'),
    );
  });

  it('keeps blueprints apart', () => {
    expect(fingerprintText('a', 'x')).not.toBe(fingerprintText('b', 'x'));
  });
});
