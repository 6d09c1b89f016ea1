import type { Socket } from 'node:net';
import { DomainError, errorCatalogue, isDomainError, toProblem, type ErrorCode } from '@support101/contracts';
import type { FastifyReply } from 'fastify';
import { securityHeaders } from './security-headers.js';

const mediaType = 'application/problem+json';

const codesOfFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'route_not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'route_not_found',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
};

/** The expected failure that an error thrown while answering stands for; undefined when it is a fault of ours. */
export function expectedError(error: unknown): DomainError | undefined {
  if (isDomainError(error)) return error.code === 'internal' ? undefined : error;
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? codesOfFastify[code] : undefined;
  if (known !== undefined) return new DomainError(known);
  const refused = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return refused ? new DomainError('malformed_request') : undefined;
}

/** Headers of the answers that errors become, where they have some of their own. */
const headersOf = new WeakMap<DomainError, Readonly<Record<string, string>>>();

/** The error, whose answer will have these headers. */
export function withHeaders(error: DomainError, headers: Readonly<Record<string, string>>): DomainError {
  headersOf.set(error, headers);
  return error;
}

/** Answers with the problem that `error` stands for. */
export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const known = expectedError(error) ?? (isDomainError(error) ? error : undefined);
  const problem = toProblem(known, reply.request.id);
  if (known !== undefined) void reply.headers(headersOf.get(known) ?? {});
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds));
  // The serialised text, since Fastify has no serialiser for this media type.
  return reply.code(problem.status).header('content-type', mediaType).send(JSON.stringify(problem));
}

/** Answers what Node's HTTP parser could not make a request of, straight to the socket, and closes it. */
export function answerUnreadable(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.write(rawProblem(codeOfParserError(error.code)));
  socket.destroySoon();
}

function codeOfParserError(code: string | undefined): ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'malformed_request';
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function rawProblem(code: ErrorCode): string {
  const { status } = errorCatalogue[code];
  const body = JSON.stringify(toProblem(new DomainError(code)));
  const headers = {
    ...securityHeaders,
    'content-type': mediaType,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${reasons[status] ?? ''}`, ...lines, '', body].join('\r\n');
}
