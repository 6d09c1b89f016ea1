import { SpanKind } from '@opentelemetry/api';
import { DomainError, fromProblem, isDomainError, Problem, type Caller, type OutputOf, type Rpc } from '@support101/contracts';
import { measures } from '@support101/telemetry';
import type { z } from 'zod';
import { callerToHeaders, headerNames } from './headers.js';
import { systemTime, type TimeSource } from '@support101/time';
import { activeOr, currentTraceparent, inSpan } from './tracing.js';
import type { Transport, WireMessage } from './transport.js';

/** How long to wait at most, and until what happens. */
export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** An answer with the headers that came with it, for example `idempotency-replayed`. */
export interface Reply<Output> {
  readonly output: Output;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks other services. */
export class CommandClient {
  constructor(
    private readonly transport: Transport,
    private readonly time: TimeSource = systemTime,
  ) {}

  /** Asks and gives the answer; throws the DomainError of the answering side, `service_unavailable` or `deadline_exceeded`. */
  async call<C extends Rpc>(
    contract: C,
    input: z.input<C['input']>,
    caller: Caller,
    options: CallOptions = {},
  ): Promise<OutputOf<C>> {
    const reply = await this.callForReply(contract, input, caller, options);
    return reply.output;
  }

  /** Like `call`, with the reply's headers. */
  async callForReply<C extends Rpc>(
    contract: C,
    input: z.input<C['input']>,
    caller: Caller,
    options: CallOptions = {},
  ): Promise<Reply<OutputOf<C>>> {
    const now = this.time.now().getTime();
    const deadlineAt = Math.min(now + (options.timeoutMs ?? contract.timeoutMs), caller.deadlineAt ?? Number.POSITIVE_INFINITY);
    if (deadlineAt <= now) throw new DomainError('deadline_exceeded');
    const span = {
      kind: SpanKind.CLIENT,
      attributes: { 'rpc.system': 'support101', 'rpc.method': contract.subject },
      parent: activeOr(caller.traceparent),
    };
    const ask = async () => {
      const message = { body: JSON.stringify(input), headers: this.#headers(caller, deadlineAt) };
      const reply = await this.transport.request(contract.subject, message, {
        timeoutMs: deadlineAt - now,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      return { output: readReply(reply) as OutputOf<C>, headers: reply.headers };
    };
    return measured(contract, () => inSpan(`call ${contract.subject}`, span, ask));
  }

  #headers(caller: Caller, deadlineAt: number): Record<string, string> {
    const traceparent = currentTraceparent() ?? caller.traceparent;
    return callerToHeaders({ ...caller, deadlineAt, ...(traceparent === undefined ? {} : { traceparent }) });
  }
}

async function measured<T>({ subject: command }: Rpc, ask: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    const reply = await ask();
    measures.commandsAsked.since(startedAt, { command, outcome: 'ok' });
    return reply;
  } catch (error) {
    measures.commandsAsked.since(startedAt, { command, outcome: isDomainError(error) ? error.code : 'given_up' });
    throw error;
  }
}

function readReply(reply: WireMessage): unknown {
  const body = parse(reply.body);
  if (reply.headers[headerNames.problem] === undefined) return body;
  const problem = Problem.safeParse(body);
  throw problem.success ? fromProblem(problem.data) : new DomainError('internal', 'The answer was not readable.');
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new DomainError('internal', 'The answer was not readable.', { cause });
  }
}
