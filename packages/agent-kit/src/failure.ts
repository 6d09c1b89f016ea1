import { isDomainError } from '@support101/contracts';

/** The reasons a run can fail for, with what each means to a person. A blueprint may add its own. */
export const runFailures = {
  no_supported_answer: 'Nothing in the knowledge base supports an answer',
  rejected_by_reviewer: 'A person rejected the request',
  human_request_expired: 'Nobody decided about the request in time',
  human_request_cancelled: 'The request to a person was taken back',
  hitl_queue_full: 'The queue of requests to people is full',
  step_limit_reached: 'The run reached its highest number of steps',
  timed_out: 'The run reached its time limit',
  cancelled: 'The run was cancelled',
  tool_unknown: 'The blueprint has no such tool',
  tool_not_allowed: 'The agent may not use this tool',
  tool_needs_approval: 'A person must approve this call first',
  tool_input_invalid: 'The arguments do not fit the tool',
  tool_output_invalid: 'The tool answered in the wrong shape',
  tool_timed_out: 'The tool did not answer in time',
  tool_failed: 'The tool failed',
  effect_unknown: 'It is not known whether the tool’s effect happened',
  effect_skipped: 'A person decided that the tool shall not be called again',
  model_unavailable: 'The model could not be reached',
  model_output_invalid: 'The model’s output does not fit the task',
  state_invalid: 'The agent made a state that its schema refuses',
  output_invalid: 'The agent made an output that its schema refuses',
  output_too_large: 'The agent made an output that is too large to be shown',
  decision_not_expected: 'The agent does not take a decision here',
  blueprint_error: 'The agent failed unexpectedly',
} as const;

/** A failure that every blueprint knows. */
export type KnownFailure = keyof typeof runFailures;
/** A failure of the catalogue, or one that a blueprint declares (snake_case). */
export type FailureCode = KnownFailure | (string & {});

/** Ends a run as failed, for a named reason. `detail` may be shown to the tenant. */
export class RunFailure extends Error {
  override readonly name = 'RunFailure';

  constructor(
    readonly code: FailureCode,
    readonly detail: string = titleOf(code),
    options: { cause?: unknown } = {},
  ) {
    super(`${code}: ${detail}`, options);
  }
}

/** Recognises a RunFailure by its shape: class identity does not survive package copies and test realms. */
export function isRunFailure(error: unknown): error is RunFailure {
  if (typeof error !== 'object' || error === null) return false;
  const candidate = error as { name?: unknown; code?: unknown };
  return candidate.name === 'RunFailure' && typeof candidate.code === 'string';
}

/** The failure that any thrown value stands for; an unexpected one shows nothing of itself and keeps its cause. */
export function toRunFailure(error: unknown): RunFailure {
  if (isRunFailure(error)) return error;
  if (isDomainError(error)) return new RunFailure(error.code, error.detail, { cause: error });
  return new RunFailure('blueprint_error', 'The error has been logged.', { cause: error });
}

function titleOf(code: FailureCode): string {
  return code in runFailures ? runFailures[code as KnownFailure] : code;
}
