import { DomainError, type Access, type Caller, type Rpc } from '@support101/contracts';
import { isRouted } from '@support101/contracts/derive';
import { traceparentOf } from '@support101/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InputReader, type RequestParts } from './input-reader.js';
import { rawBodyLimit, RawInputReader, takeRawBodies, type RawRequestParts } from './raw-input.js';
import { expectedError } from './problems.js';
import { within } from './request-trace.js';

/** A command that has a route. */
export type RoutedRpc = Rpc & { readonly http: NonNullable<Rpc['http']> };

/** What a request says about who asks, for whom, and as part of what. */
export interface Presented {
  /** Subject of the contract that is asked for. */
  readonly operation: string;
  readonly correlationId: string;
  readonly authorization: string | undefined;
  readonly tenantInPath: string | undefined;
  readonly tenantInHeader: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly traceparent: string | undefined;
}

/** What is sent back when a contract was answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for 204. */
  readonly body: unknown;
}

/** A request that was let in. */
export interface Admitted {
  readonly caller: Caller;
  /** Of the answer, whatever it will be: how the caller's limits stand. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Who is let in, and who answers. */
export interface Door {
  /** The caller of an admitted request; rejects with what refuses it. */
  admit(access: Access, presented: Presented): Promise<Admitted>;
  /** Asks the contract's service; `signal` fires when nobody waits for the answer any more. */
  ask(contract: RoutedRpc, input: Record<string, unknown>, caller: Caller, signal: AbortSignal): Promise<Answer>;
  /** Takes note that an admitted request, which was to change something, failed so. */
  failed(contract: RoutedRpc, caller: Caller, error: unknown): void;
}

/** True for a command that has a route. */
export function isRoutedRpc(contract: Rpc): contract is RoutedRpc {
  return isRouted(contract);
}

/**
 * Serves every command that has a route and is no export. Those that want their bodies raw have a part of the server of
 * their own.
 */
export async function serveContracts(server: FastifyInstance, rpcs: readonly Rpc[], door: Door): Promise<void> {
  const routed = rpcs.filter(isRoutedRpc).filter(({ http }) => http.export === undefined);
  for (const contract of routed) if (contract.http.raw === undefined) serveContract(server, contract, door);
  await server.register((part, _options, done) => {
    takeRawBodies(part);
    for (const contract of routed) if (contract.http.raw !== undefined) serveContract(part, contract, door);
    done();
  });
}

/** Serves one command: admit, read, ask, answer. All that can be prepared is prepared here, once. */
function serveContract(server: FastifyInstance, contract: RoutedRpc, door: Door): void {
  const { http } = contract;
  const reader = http.raw === undefined ? new InputReader(contract) : new RawInputReader(contract, http.raw);
  server.route({
    method: http.method,
    ...(http.raw === undefined ? {} : { bodyLimit: rawBodyLimit }),
    url: routerPath(contract),
    onRequest: admission(contract, door),
    handler: async (request, reply) => {
      const input = reader.read(request as RequestParts & RawRequestParts);
      const { caller } = request;
      if (caller === undefined) throw new DomainError('unauthenticated');
      const signal = goneSignal(reply);
      const answer = await unlessGone(
        signal,
        inTrace(request, () => door.ask(contract, input, caller, signal)),
      );
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    },
    errorHandler: (error, request, reply) => {
      if (http.method !== 'GET' && request.caller !== undefined) door.failed(contract, request.caller, expectedError(error));
      return server.errorHandler(error, request, reply);
    },
  });
}

/** The contract's path as the router writes it. */
export function routerPath({ http }: { readonly http: Pick<RoutedRpc['http'], 'path'> }): string {
  return http.path.replaceAll(/\{([a-zA-Z]+)\}/g, ':$1');
}

/** Lets a request in before its body is read: strangers cannot make us parse. */
export function admission(contract: RoutedRpc, door: Pick<Door, 'admit'>) {
  const { access, http } = contract;
  const takesBody = http.method !== 'GET' && http.method !== 'DELETE';
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const presented = http.raw === undefined ? presentedBy(request, contract) : presentedByStranger(request, contract);
    const { caller, headers } = await inTrace(request, () => door.admit(access, presented));
    request.caller = caller;
    void reply.headers(headers);
    if (!takesBody && announcesBody(request)) throw new DomainError('validation_failed', 'This operation takes no body.');
  };
}

/** What a request of a client of ours says. */
export function presentedBy({ id, headers, params, method, span }: FastifyRequest, { subject }: { subject: string }): Presented {
  const { tenantId } = params as { tenantId?: string };
  return {
    operation: subject,
    correlationId: id,
    authorization: headers.authorization,
    tenantInPath: tenantId,
    tenantInHeader: textOf(headers['x-tenant-id']),
    idempotencyKey: method === 'GET' || method === 'HEAD' ? undefined : textOf(headers['idempotency-key']),
    traceparent: span === undefined ? undefined : traceparentOf(span.spanContext()),
  };
}

/** A third party knows nothing of our headers: what it sends under their names means something else. */
function presentedByStranger(request: FastifyRequest, contract: { subject: string }): Presented {
  const presented = presentedBy(request, contract);
  return { ...presented, tenantInPath: undefined, tenantInHeader: undefined, idempotencyKey: undefined };
}

function announcesBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Runs `run` as part of the request's trace. */
export function inTrace<T>({ span }: FastifyRequest, run: () => T): T {
  return span === undefined ? run() : within(span, run);
}

/** Rejects with `request_timeout` where what was asked failed because nobody waits for it any more. */
export function unlessGone<T>(signal: AbortSignal, asked: Promise<T>): Promise<T> {
  return asked.catch((error: unknown) => {
    throw signal.aborted ? new DomainError('request_timeout', 'The client went away.', { cause: error }) : error;
  });
}

/** Fires when the connection closes before the answer was sent. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return header === undefined ? undefined : String(header);
}
