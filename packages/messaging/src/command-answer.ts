import { SpanKind } from '@opentelemetry/api';
import {
  commonErrors,
  DomainError,
  isDomainError,
  parseOrThrow,
  toProblem,
  type Caller,
  type ErrorCode,
  type Rpc,
} from '@support101/contracts';
import { isConnectionLoss, isDatabaseFailure } from '@support101/database';
import { measures } from '@support101/telemetry';
import type { CommandContext } from './answers.js';
import { callerFromHeaders, correlationOf, headerNames } from './headers.js';
import type { MessagingLog } from './messaging-log.js';
import { collectReplyHeaders } from './reply-headers.js';
import { callerFor } from './tenant-rules.js';
import type { TimeSource } from '@support101/time';
import { inSpan, markFailed, remoteContext } from './tracing.js';
import { checkSize, type WireMessage } from './transport.js';

/** Runs the bound method; resolves with its plain result. */
export type Invoke = (input: unknown, caller: Caller, context: CommandContext) => Promise<unknown>;

/** Answers one message: never rejects, a failure becomes a problem reply. */
export async function answer(
  contract: Rpc,
  message: WireMessage,
  invoke: Invoke,
  ports: { readonly time: TimeSource; readonly log: MessagingLog },
): Promise<WireMessage> {
  const startedAt = performance.now();
  const options = {
    kind: SpanKind.SERVER,
    attributes: { 'rpc.system': 'support101', 'rpc.method': contract.subject },
    parent: remoteContext(message.headers[headerNames.traceparent]),
  };
  const reply = await inSpan(`answer ${contract.subject}`, options, async (span) => {
    try {
      return await run(contract, message, invoke, ports.time);
    } catch (error) {
      markFailed(span, error);
      return problemReply(contract, error, message, ports.log);
    }
  });
  const outcome = reply.headers[headerNames.problem] ?? 'ok';
  measures.commandsAnswered.since(startedAt, { command: contract.subject, outcome });
  return reply;
}

async function run(contract: Rpc, message: WireMessage, invoke: Invoke, time: TimeSource): Promise<WireMessage> {
  const sender = callerFromHeaders(message.headers);
  const input = parseOrThrow(contract.input, parseJson(message.body));
  const caller = callerFor(contract.access, input, sender);
  const { result, headers } = await collectReplyHeaders(() =>
    untilDeadline(time, caller.deadlineAt, (signal) => invoke(input, caller, { signal })),
  );
  const output = contract.output.safeParse(result);
  if (!output.success) throw new Error(`${contract.subject}: the answer does not fit the contract: ${output.error.message}`);
  const body = JSON.stringify(output.data);
  checkReplySize(contract, body);
  return { body, headers };
}

async function untilDeadline<T>(
  time: TimeSource,
  deadlineAt: number | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (deadlineAt === undefined) return work(new AbortController().signal);
  const leftMs = deadlineAt - time.now().getTime();
  if (leftMs <= 0) throw new DomainError('deadline_exceeded');
  const controller = new AbortController();
  const cancel = time.schedule(leftMs, () => controller.abort(new DomainError('deadline_exceeded')));
  try {
    return await work(controller.signal);
  } finally {
    cancel();
  }
}

function problemReply(contract: Rpc, error: unknown, message: WireMessage, log: MessagingLog): WireMessage {
  const correlationId = correlationOf(message.headers);
  const known = expected(contract, error);
  const facts = { subject: contract.subject, correlationId, error };
  if (known === undefined) log.error(facts, 'a command failed unexpectedly');
  else if (known !== error) log.warn(facts, 'a command failed because the database did not answer');
  else if (Object.keys(known.facts).length > 0) log.info({ ...facts, facts: known.facts }, 'a command was refused');
  const problem = toProblem(known, correlationId);
  return { body: JSON.stringify(problem), headers: { [headerNames.problem]: problem.code } };
}

/** The error a caller may see; undefined for what must not happen. */
function expected(contract: Rpc, error: unknown): DomainError | undefined {
  if (isDomainError(error)) return allowed(contract).has(error.code) ? error : undefined;
  const away = isConnectionLoss(error) || lostStates.some((code) => isDatabaseFailure(error, code));
  return away
    ? new DomainError('service_unavailable', 'The database does not answer.', { retryAfterSeconds: 1, cause: error })
    : undefined;
}

const lostStates = ['database_busy', 'database_closed', 'commit_outcome_unknown'] as const;

const allowedCodes = new WeakMap<Rpc, ReadonlySet<ErrorCode>>();

function allowed(contract: Rpc): ReadonlySet<ErrorCode> {
  const known = allowedCodes.get(contract);
  if (known !== undefined) return known;
  // tenant_not_found is what the tenant rule itself answers to a foreign tenant's id.
  const codes = new Set<ErrorCode>([...commonErrors, ...contract.errors, 'tenant_not_found']);
  allowedCodes.set(contract, codes);
  return codes;
}

function checkReplySize(contract: Rpc, body: string): void {
  try {
    checkSize(body);
  } catch (cause) {
    throw new Error(`${contract.subject}: the answer is too large`, { cause });
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new DomainError('malformed_json', undefined, { cause });
  }
}
