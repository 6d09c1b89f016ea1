import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DomainError, type Rpc } from '@support101/contracts';
import { isRouted } from '@support101/contracts/derive';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InputReader, type RequestParts } from '../platform/input-reader.js';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import { traceparentOf, within } from '../platform/request-trace.js';
import { announcesBody, routerPath } from './routes.rules.js';
import { RoutesService, type Presented } from './routes.service.js';

type RoutedRpc = Rpc & { readonly http: NonNullable<Rpc['http']> };

/** Serves every command that has a route: admit, read, ask, answer. */
@Injectable()
export class RoutesHandlers implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly routes: RoutesService,
    @Inject(PARTS) private readonly parts: GatewayParts,
  ) {}

  onModuleInit(): void {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    for (const contract of this.parts.registry.rpcs) if (isRouted(contract)) this.#serve(server, contract as RoutedRpc);
  }

  #serve(server: FastifyInstance, contract: RoutedRpc): void {
    const { access, http } = contract;
    const reader = new InputReader(contract);
    const takesBody = http.method !== 'GET' && http.method !== 'DELETE';
    server.route({
      method: http.method,
      url: routerPath(http.path),
      // Before the body is read: strangers cannot make us parse.
      onRequest: async (request) => {
        request.caller = await inTrace(request, () => this.routes.admit(access, presentedBy(request)));
        if (!takesBody && announcesBody(request.headers))
          throw new DomainError('validation_failed', 'This operation takes no body.');
      },
      handler: async (request, reply) => {
        const input = reader.read(request as RequestParts);
        const { caller } = request;
        if (caller === undefined) throw new DomainError('unauthenticated');
        const signal = goneSignal(reply);
        const answer = await inTrace(request, () => this.routes.ask(contract, input, caller, signal)).catch((error: unknown) => {
          throw signal.aborted ? new DomainError('request_timeout', 'The client went away.', { cause: error }) : error;
        });
        return reply.code(answer.status).headers(answer.headers).send(answer.body);
      },
    });
  }
}

function presentedBy({ id, headers, params, method, span }: FastifyRequest): Presented {
  const { tenantId } = params as { tenantId?: string };
  return {
    correlationId: id,
    authorization: headers.authorization,
    tenantInPath: tenantId,
    tenantInHeader: textOf(headers['x-tenant-id']),
    idempotencyKey: method === 'GET' || method === 'HEAD' ? undefined : textOf(headers['idempotency-key']),
    traceparent: span === undefined ? undefined : traceparentOf(span),
  };
}

function inTrace<T>({ span }: FastifyRequest, run: () => T): T {
  return span === undefined ? run() : within(span, run);
}

/** Fires when the connection closes before the answer was sent. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return header === undefined ? undefined : String(header);
}
