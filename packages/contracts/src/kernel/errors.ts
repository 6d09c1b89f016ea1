import { z } from 'zod';

/** Every error the system can answer with: its code, HTTP status and title. The only place where they are listed. */
export const errorCatalogue = {
  malformed_request: { status: 400, title: 'The request is not valid HTTP' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  validation_failed: { status: 400, title: 'The request is not valid' },
  cursor_invalid: { status: 400, title: 'The cursor is not valid for this list' },
  tenant_required: { status: 400, title: 'The request names no tenant' },
  unauthenticated: { status: 401, title: 'Credentials are missing or not valid' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  tenant_inactive: { status: 403, title: 'The tenant is not active' },
  blueprint_not_allowed: { status: 403, title: 'The tenant may not use this blueprint' },
  route_not_found: { status: 404, title: 'There is no such path' },
  tenant_not_found: { status: 404, title: 'There is no such tenant' },
  api_key_not_found: { status: 404, title: 'There is no such API key' },
  blueprint_not_found: { status: 404, title: 'There is no such blueprint' },
  agent_not_found: { status: 404, title: 'There is no such agent' },
  run_not_found: { status: 404, title: 'There is no such run' },
  golden_path_not_found: { status: 404, title: 'There is no such golden path' },
  article_not_found: { status: 404, title: 'There is no such article' },
  request_not_found: { status: 404, title: 'There is no such request' },
  reviewer_not_found: { status: 404, title: 'There is no such reviewer' },
  audit_entry_not_found: { status: 404, title: 'There is no such audit entry' },
  role_not_found: { status: 404, title: 'There is no such role' },
  calendar_not_found: { status: 404, title: 'There is no such business calendar' },
  webhook_source_not_found: { status: 404, title: 'There is no such webhook source' },
  policy_not_found: { status: 404, title: 'There is no such policy' },
  playbook_not_found: { status: 404, title: 'There is no such playbook' },
  dead_letter_not_found: { status: 404, title: 'There is no such dead letter' },
  customer_not_found: { status: 404, title: 'There is no such customer' },
  method_not_allowed: { status: 405, title: 'The path does not answer this method' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  tenant_state_conflict: { status: 409, title: 'The tenant’s state does not allow this' },
  tenant_has_agents: { status: 409, title: 'The tenant still has agents' },
  agent_busy: { status: 409, title: 'The agent has unfinished runs' },
  agent_disabled: { status: 409, title: 'The agent is disabled' },
  api_key_inactive: { status: 409, title: 'The API key is revoked, expired or already replaced' },
  run_already_ended: { status: 409, title: 'The run has already ended' },
  idempotency_in_flight: { status: 409, title: 'A request with this idempotency key is still in flight' },
  role_exists: { status: 409, title: 'There is already a role of this name' },
  role_cycle: { status: 409, title: 'A role cannot inherit from itself' },
  request_claimed: { status: 409, title: 'Somebody else holds the request' },
  request_closed: { status: 409, title: 'The request is closed' },
  request_already_decided: { status: 409, title: 'The request was already decided' },
  reviewer_exists: { status: 409, title: 'There is already a reviewer for this principal' },
  reviewer_unavailable: { status: 409, title: 'The reviewer cannot take another request' },
  version_mismatch: { status: 412, title: 'The record was changed in the meantime' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body’s media type is not supported' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used with another request' },
  blueprint_config_invalid: { status: 422, title: 'The configuration does not fit the blueprint' },
  run_input_invalid: { status: 422, title: 'The input does not fit the blueprint' },
  decision_not_offered: { status: 422, title: 'The request does not offer this decision' },
  edits_invalid: { status: 422, title: 'The edits do not fit the request' },
  playbook_samples_missing: { status: 422, title: 'Too few cases of this category were resolved in the same way' },
  limit_exceeded: { status: 429, title: 'A limit of the tenant’s tier is reached' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  model_output_invalid: { status: 502, title: 'The model’s output does not fit the task' },
  model_unavailable: { status: 503, title: 'The model could not be reached' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  service_unavailable: { status: 503, title: 'A part of the system is not available' },
  deadline_exceeded: { status: 504, title: 'The answer did not come in time' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** Codes that any contract may answer without listing them. */
export const commonErrors = [
  'malformed_json',
  'validation_failed',
  'tenant_required',
  'unauthenticated',
  'forbidden',
  'tenant_inactive',
  'method_not_allowed',
  'payload_too_large',
  'unsupported_media_type',
  'idempotency_in_flight',
  'idempotency_key_reused',
  'rate_limited',
  'internal',
  'service_unavailable',
  'deadline_exceeded',
] as const satisfies readonly ErrorCode[];

/** One thing that is wrong with an input: `path` is a JSON pointer into it. */
export const Issue = z.object({ path: z.string(), message: z.string(), code: z.string().optional() }).meta({ id: 'Issue' });
export type Issue = z.infer<typeof Issue>;

/** The body of every error answer (RFC 9457, `application/problem+json`). */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    correlationId: z.string().optional(),
    issues: z.array(Issue).optional(),
    retryAfterSeconds: z.number().int().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** What a DomainError may carry besides its text. `facts` go to the log only; `issues` are shown. */
export interface ErrorDetails {
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly issues?: readonly Issue[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** An expected failure with a code of the catalogue. `detail` may be shown to the caller. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly facts: Readonly<Record<string, unknown>>;
  readonly issues: readonly Issue[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: ErrorCode,
    readonly detail: string = errorCatalogue[code].title,
    details: ErrorDetails = {},
  ) {
    super(`${code}: ${detail}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.facts = details.facts ?? {};
    this.issues = details.issues;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** Recognises a DomainError by name and code: class identity does not survive package copies and test realms. */
export function isDomainError(error: unknown): error is DomainError {
  if (typeof error !== 'object' || error === null) return false;
  const candidate = error as { name?: unknown; code?: unknown };
  return candidate.name === 'DomainError' && typeof candidate.code === 'string' && candidate.code in errorCatalogue;
}

/** The problem that stands for any thrown value; an unknown one becomes `internal` and shows nothing of itself. */
export function toProblem(error: unknown, correlationId?: string): Problem {
  const known = isDomainError(error) ? error : new DomainError('internal', 'The error has been logged.');
  const { status, title } = errorCatalogue[known.code];
  return {
    type: `https://support101.dev/problems/${known.code.replaceAll('_', '-')}`,
    title,
    status,
    detail: known.detail,
    code: known.code,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(known.issues === undefined ? {} : { issues: [...known.issues] }),
    ...(known.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: known.retryAfterSeconds }),
  };
}

/** The error that a problem stands for: the inverse of `toProblem`, used by callers behind the wire. */
export function fromProblem(problem: Problem): DomainError {
  const code = problem.code in errorCatalogue ? (problem.code as ErrorCode) : 'internal';
  return new DomainError(code, problem.detail, {
    ...(problem.issues === undefined ? {} : { issues: problem.issues }),
    ...(problem.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: problem.retryAfterSeconds }),
  });
}

/** Parses `value` with `schema` or throws `code` with every issue as a JSON pointer. */
export function parseOrThrow<S extends z.ZodType>(schema: S, value: unknown, code: ErrorCode = 'validation_failed'): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = toIssues(result.error);
  throw new DomainError(code, issues[0] === undefined ? undefined : `${issues[0].path || '/'}: ${issues[0].message}`, { issues });
}

/** The issues of a zod error, each with a JSON pointer; unknown keys are named one by one. */
export function toIssues(error: z.ZodError): Issue[] {
  return error.issues.flatMap((issue) => {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map((path) => ({ path: toPointer(path), message: issue.message, code: issue.code }));
  });
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
