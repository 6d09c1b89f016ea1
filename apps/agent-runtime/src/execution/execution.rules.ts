import type { KnownFailure } from '@support101/agent-kit';

/** Who asks a person: the agent, an escalation rule, or the runtime about a tool call. */
type AskedBy = 'agent' | 'rule' | 'approval' | 'effect';

interface Step {
  readonly action: string;
}
interface Finish {
  readonly finish: unknown;
  readonly outcome: string;
}
interface Fail {
  readonly fail: string;
  readonly detail: string;
}

/** What an agent's plan comes to: a step, or the end of the run. */
export type Next<Plan> =
  | { readonly kind: 'step'; readonly action: Extract<Plan, Step> }
  | {
      readonly kind: 'completed';
      readonly output: Extract<Plan, Finish>['finish'];
      readonly outcome: Extract<Plan, Finish>['outcome'];
    }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string };

/** Decides by the plan whether the run goes on. A run that still wants a step after its last one has failed. */
export function decide<Plan extends Step | Finish | Fail>(plan: Plan, stepsDone: number, maxIterations: number): Next<Plan> {
  if ('finish' in plan) {
    const { finish, outcome } = plan as Extract<Plan, Finish>;
    return { kind: 'completed', output: finish, outcome };
  }
  if ('fail' in plan) return { kind: 'failed', code: plan.fail, detail: plan.detail };
  if (stepsDone < maxIterations) return { kind: 'step', action: plan as Extract<Plan, Step> };
  return { kind: 'failed', code: 'step_limit_reached', detail: `The run wanted more than its ${maxIterations} steps.` };
}

// A tool that did not answer in time: who would have answered was killed perhaps. What it may have done the ledger knows.
const transient: readonly string[] = ['rate_limited', 'model_unavailable', 'tool_timed_out'];
/** A service of ours or the way to it is away: it is started again, and an accepted run outlives that. */
const outage: readonly string[] = ['service_unavailable', 'deadline_exceeded'];
const retryDelaysMs = [250, 1_000, 4_000] as const;
/** How often, and in which steps, an outage is waited for after that: about two minutes. */
const outageTries = 24;
const outageDelayMs = 5_000;

/** True when what a step ran into is not the run's to answer for: the time it takes is not the run's either. */
export function isOutage(code: string): boolean {
  return outage.includes(code);
}

/**
 * How long to wait before a failed step is tried again, in milliseconds; undefined when it is not. Only failures that
 * pass by themselves are worth it. What a failed step did outside the run is in the ledger, and is not done again.
 */
export function retryDelay(code: string, attempt: number): number | undefined {
  if (!transient.includes(code) && !isOutage(code)) return undefined;
  const first = retryDelaysMs[attempt - 1];
  if (first !== undefined || !isOutage(code)) return first;
  return attempt <= retryDelaysMs.length + outageTries ? outageDelayMs : undefined;
}

/** True when the decision is the agent's to make something of; else the run goes on with the state it has. */
export function goesToAgent(kind: AskedBy): boolean {
  return kind === 'agent';
}

const goesOn: Readonly<Record<AskedBy, readonly string[]>> = {
  agent: [],
  rule: ['approve'],
  approval: ['approve', 'edit'],
  effect: ['retry', 'skip'],
};

/** The failure of a run in which a person refused what the runtime itself had asked for. */
export function refusal(kind: AskedBy, decision: string): KnownFailure | undefined {
  if (goesToAgent(kind) || goesOn[kind].includes(decision)) return undefined;
  if (decision === 'reject') return 'rejected_by_reviewer';
  return decision === 'fail' ? 'effect_unknown' : 'decision_not_expected';
}
