import type { IncomingMessage } from 'node:http';
import type { Span } from '@opentelemetry/api';
import { DomainError, type Caller } from '@support101/contracts';
import { newId, type Log } from '@support101/service-kit';
import { measures, traceparentOf } from '@support101/telemetry';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { parseJsonBody } from './json-body.js';
import { answerUnreadable, expectedError, sendProblem } from './problems.js';
import { endRequestSpan, startRequestSpan } from './request-trace.js';
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
  /** How long a request may take to arrive, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/** A Fastify server without routes: hardened, JSON only, and every error a problem. */
export function createHttpServer({ log, bodyLimit, requestTimeoutMs }: HttpOptions): FastifyInstance {
  const server = fastify({
    bodyLimit,
    clientErrorHandler: answerUnreadable,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => {
      begin(request, reply);
      sendProblem(reply, error);
    },
    genReqId: requestId,
    http: {
      // Without a host a request is answered as a problem below, not by Node with an empty body.
      requireHostHeader: false,
      // Node swaps the two when the headers may take longer than the whole request.
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 3),
    },
    requestTimeout: requestTimeoutMs,
    // Requests that arrive on open connections while closing are still answered.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
  });
  readJsonOnly(server);
  accompany(server, log);
  closeConnectionsAtTheEnd(server);
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, new DomainError('route_not_found')));
  server.setErrorHandler((error, request, reply) => {
    if (expectedError(error) === undefined) log.error({ error, ...factsOf(request) }, 'a request failed');
    return sendProblem(reply, error);
  });
  return server;
}

function readJsonOnly(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, parseJsonBody(request.headers, body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Gives each request its headers and its span, and a line in the log when that is wanted. */
function accompany(server: FastifyInstance, log: Log): void {
  server.decorateRequest('caller', undefined);
  server.decorateRequest('span', undefined);
  server.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    const { headers, raw } = request;
    const hostless = headers.host === undefined && raw.httpVersionMinor === 1;
    done(hostless ? new DomainError('malformed_request', 'The Host header is missing.') : undefined);
  });
  server.addHook('onResponse', (request, reply, done) => {
    if (request.span !== undefined) endRequestSpan(request.span, reply.statusCode);
    measure(request, reply);
    log.debug({ status: reply.statusCode, ...factsOf(request) }, 'answered');
    done();
  });
}

function measure({ method, routeOptions }: FastifyRequest, { elapsedTime, statusCode }: FastifyReply): void {
  const labels = { method, route: routeOptions.url ?? unknownRoute, status: `${Math.floor(statusCode / 100)}xx` };
  measures.httpRequests.since(performance.now() - elapsedTime, labels);
}

/** A connection that is busy when closing begins would otherwise be kept open for the client's next request. */
function closeConnectionsAtTheEnd(server: FastifyInstance): void {
  let closing = false;
  server.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) reply.header('connection', 'close');
    done();
  });
}

/** In place of a path that is none of ours: a label must not grow with what clients try. */
const unknownRoute = 'unknown path';

function begin(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(securityHeaders);
  reply.header('x-request-id', request.id);
  const given = request.headers['traceparent'];
  const route = request.routeOptions.url ?? unknownRoute;
  request.span = startRequestSpan(request.method, route, typeof given === 'string' ? given : undefined);
  const traceparent = traceparentOf(request.span.spanContext());
  if (traceparent !== undefined) reply.header('traceparent', traceparent);
}

/** A request id that is taken over from a client: short, and harmless in logs and headers. */
const saneRequestId = /^[A-Za-z0-9._:-]{1,128}$/;

function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && saneRequestId.test(given) ? given : newId('cor');
}

function factsOf({ id, method, routeOptions }: FastifyRequest): object {
  return { requestId: id, method, route: routeOptions.url };
}
