import type { Span } from '@opentelemetry/api';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DomainError, type Caller } from '@support101/contracts';
import { newId, type Log } from '@support101/service-kit';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { parseJsonBody } from './json-body.js';
import { answerUnreadable, expectedError, sendProblem } from './problems.js';
import { endRequestSpan, startRequestSpan, traceparentOf } from './request-trace.js';
import { securityHeaders } from './security-headers.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set on routes of contracts once the request is admitted. */
    caller: Caller | undefined;
    /** The request's span. */
    span: Span | undefined;
  }
}

/** What the HTTP server needs. */
export interface HttpOptions {
  readonly log: Log;
  /** Largest body in bytes. */
  readonly bodyLimit: number;
}

/**
 * Nest's Fastify adapter with our own Fastify instance: hardened, JSON only, and every error a problem. Nest's path
 * middleware is left out on purpose (encoded and absolute paths have slipped past it); use Fastify hooks.
 */
export class GatewayHttpAdapter extends FastifyAdapter {
  constructor(options: HttpOptions) {
    super(createServer(options) as never);
  }

  override init(): Promise<void> {
    return Promise.resolve();
  }

  // Nest sets its own handlers at the end of its start; ours are in place and stay.
  override setErrorHandler(): ReturnType<FastifyAdapter['setErrorHandler']> {
    return this.getInstance();
  }

  override setNotFoundHandler(): ReturnType<FastifyAdapter['setNotFoundHandler']> {
    return this.getInstance();
  }
}

/** A request id that is taken over from a client: short, and harmless in logs and headers. */
const saneRequestId = /^[A-Za-z0-9._:-]{1,128}$/;

function createServer({ log, bodyLimit }: HttpOptions): FastifyInstance {
  const server = fastify({
    bodyLimit,
    clientErrorHandler: answerUnreadable,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => {
      start(request, reply);
      sendProblem(reply, error);
    },
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && saneRequestId.test(given) ? given : newId('cor');
    },
    // Without a host a request is answered as a problem below, not by Node with an empty body.
    http: { requireHostHeader: false },
    // Requests that arrive on open connections while closing are still answered.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
  });
  server.decorateRequest('caller', undefined);
  server.decorateRequest('span', undefined);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, parseJsonBody(request.headers, body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  server.addHook('onRequest', (request, reply, done) => {
    start(request, reply);
    const { headers, raw } = request;
    done(
      headers.host === undefined && raw.httpVersionMinor === 1
        ? new DomainError('malformed_request', 'The Host header is missing.')
        : undefined,
    );
  });
  let closing = false;
  server.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  server.addHook('onSend', (_request, reply, _payload, done) => {
    // A connection that was busy when closing began would otherwise be kept open for the client's next request.
    if (closing) reply.header('connection', 'close');
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    if (request.span !== undefined) endRequestSpan(request.span, reply.statusCode);
    log.debug(
      { requestId: request.id, method: request.method, route: request.routeOptions.url, status: reply.statusCode },
      'answered',
    );
    done();
  });
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, new DomainError('route_not_found')));
  server.setErrorHandler((error, request, reply) => {
    if (expectedError(error) === undefined)
      log.error({ error, requestId: request.id, method: request.method, route: request.routeOptions.url }, 'a request failed');
    return sendProblem(reply, error);
  });
  return server;
}

function start(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(securityHeaders);
  reply.header('x-request-id', request.id);
  const traceparent = request.headers['traceparent'];
  const span = startRequestSpan(
    request.method,
    request.routeOptions.url ?? 'unknown path',
    typeof traceparent === 'string' ? traceparent : undefined,
  );
  request.span = span;
  const own = traceparentOf(span);
  if (own !== undefined) reply.header('traceparent', own);
}
