import type { RunId } from '@support101/contracts';

/** One ended run of a category. Runs of one `case` are one piece of evidence. */
export interface Sample {
  readonly case: string;
  readonly runId: RunId;
  readonly blueprint: string;
  readonly success: boolean;
  readonly steps: readonly string[];
}

/** What samples amount to. */
export interface Draft {
  readonly blueprint: string;
  readonly steps: readonly string[];
  readonly successCount: number;
  readonly failureCount: number;
  readonly sources: readonly RunId[];
}

/** So many distinct cases must have ended well by the same steps. */
export const fewestSamples = 3;
const mostSources = 100;

/**
 * The steps by which most distinct cases ended well; of several with as many, those with fewer failures, then those seen
 * last. Samples come newest first, and the newest of a case speaks for it. Undefined when too few cases agree.
 */
export function draftOf(samples: readonly Sample[]): Draft | undefined {
  const cases = newestOfEach(samples);
  const bySteps = new Map<string, Sample[]>();
  for (const sample of cases) {
    if (!sample.success || sample.steps.length === 0) continue;
    const key = JSON.stringify([sample.blueprint, sample.steps]);
    bySteps.set(key, [...(bySteps.get(key) ?? []), sample]);
  }
  return [...bySteps.values()]
    .filter((alike) => alike.length >= fewestSamples)
    .map((alike) => toDraft(alike, cases))
    .toSorted((a, b) => b.successCount - a.successCount || a.failureCount - b.failureCount)[0];
}

/** The share of successes; 0 without any sample. */
export function successRate({ successCount, failureCount }: Pick<Draft, 'successCount' | 'failureCount'>): number {
  const all = successCount + failureCount;
  return all === 0 ? 0 : successCount / all;
}

/** What makes two drafts the same: where they are for, and what is done. */
export function fingerprintText(category: string, { blueprint, steps }: Pick<Draft, 'blueprint' | 'steps'>): string {
  return JSON.stringify([category, blueprint, steps]);
}

/** A failed run counts against the steps when it got no further than them: it may have stopped on the way. */
function toDraft(alike: readonly Sample[], cases: readonly Sample[]): Draft {
  const { blueprint = '', steps = [] } = alike[0] ?? {};
  const failed = cases.filter((sample) => !sample.success && sample.blueprint === blueprint && begins(steps, sample.steps));
  const sources = alike.slice(0, mostSources).map(({ runId }) => runId);
  return { blueprint, steps, successCount: alike.length, failureCount: failed.length, sources };
}

function begins(steps: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((step, index) => steps[index] === step);
}

function newestOfEach(samples: readonly Sample[]): Sample[] {
  const byCase = new Map<string, Sample>();
  for (const sample of samples) if (!byCase.has(sample.case)) byCase.set(sample.case, sample);
  return [...byCase.values()];
}
