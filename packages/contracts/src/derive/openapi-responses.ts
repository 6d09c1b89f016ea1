import type { HttpBinding } from '../kernel/contract.js';
import { errorCatalogue, type ErrorCode } from '../kernel/errors.js';
import type { JsonSchema } from './json-schema.js';
import { inputPlaces, type Routed } from './openapi-parameters.js';

/** Every success status that a route may answer with. */
export function successStatuses(http: HttpBinding): readonly number[] {
  if (http.status === undefined) return [200];
  return typeof http.status === 'number' ? [http.status] : http.status.among;
}

/** Every error code that a route may answer with: those of the contract and those of the door itself. */
function errorCodes(contract: Routed): ErrorCode[] {
  const { access, http } = contract;
  const places = inputPlaces(contract);
  const codes = new Set<ErrorCode>([
    ...contract.errors,
    'validation_failed',
    'internal',
    'service_unavailable',
    'deadline_exceeded',
  ]);
  const add = (condition: boolean, ...more: ErrorCode[]) => condition && more.forEach((code) => codes.add(code));
  add(!('public' in access), 'unauthenticated', 'forbidden', 'tenant_inactive', 'tenant_not_found', 'rate_limited');
  add('resource' in access && (access.tenant ?? 'caller') === 'caller', 'tenant_required');
  add(places.hasBody, 'payload_too_large', 'unsupported_media_type');
  add(places.hasBody && http.raw === undefined, 'malformed_json');
  add(http.method === 'POST' && http.raw === undefined, 'idempotency_in_flight', 'idempotency_key_reused');
  add(places.ifMatch !== undefined, 'version_mismatch');
  return [...codes].sort();
}

/** Response headers that many operations share, as OpenAPI components. */
export const responseHeaders = {
  RequestId: { description: 'The request’s id, as sent or made up.', schema: { type: 'string' } },
  Location: { description: 'Where the record is.', schema: { type: 'string' } },
  ETag: { description: 'The record’s version, for If-Match.', schema: { type: 'string' } },
  IdempotencyReplayed: { description: 'true when this is the stored answer to an earlier request.', schema: { type: 'string' } },
  ContentDisposition: { description: 'That this is a file, and its name.', schema: { type: 'string' } },
  RetryAfter: { description: 'Seconds to wait before the next try.', schema: { type: 'integer' } },
} as const;

/**
 * The `responses` of an operation, by status; `answer` is the schema of what a success carries. Failures are shared
 * between operations: they are put into `failures` under a name made of status and codes.
 */
export function responsesOf(contract: Routed, answer: JsonSchema, failures: Map<string, object>): Record<string, object> {
  const successes = successStatuses(contract.http).map((status) => [String(status), success(contract, status, answer)] as const);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorCodes(contract)) {
    const { status } = errorCatalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const references = [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, codes]) => {
      const name = [`Error${status}`, ...codes].join('.');
      failures.set(name, failure(status, codes));
      return [String(status), reference('responses', name)] as const;
    });
  return Object.fromEntries([...successes, ...references]);
}

const successTexts: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Accepted; not finished yet',
  204: 'Done',
};

function success(contract: Routed, status: number, answer: JsonSchema): object {
  const { http } = contract;
  const headers = {
    'X-Request-Id': reference('headers', 'RequestId'),
    ...(http.location !== undefined && (status === 201 || status === 202) ? { Location: reference('headers', 'Location') } : {}),
    ...(http.etag === true && status !== 204 ? { ETag: reference('headers', 'ETag') } : {}),
    ...(http.export === undefined ? {} : { 'Content-Disposition': reference('headers', 'ContentDisposition') }),
    ...(http.method === 'POST' ? { 'Idempotency-Replayed': reference('headers', 'IdempotencyReplayed') } : {}),
  };
  const description = successTexts[status] ?? 'Done';
  if (status === 204) return { description, headers };
  return { description, headers, content: contentOf(contract, answer) };
}

function contentOf(contract: Routed, answer: JsonSchema): object {
  if (contract.http.export !== undefined) return exportContent(answer);
  if (contract.kind === 'rpc') return { 'application/json': { schema: answer } };
  const schema = {
    type: 'string',
    description: 'Server-sent events; the data of each is one item.',
    contentMediaType: 'application/json',
    contentSchema: answer,
  };
  return { 'text/event-stream': { schema } };
}

/** An export is sent whole, so its entries are what a page has under `data`. */
function exportContent({ properties = {} }: JsonSchema): object {
  const entries = properties['data'] as JsonSchema;
  return {
    'text/csv': { schema: { type: 'string', description: 'A header and one row per entry; objects of free shape are JSON.' } },
    'application/json': { schema: entries },
    'application/x-ndjson': { schema: { type: 'string', description: 'One entry per line, as JSON.' } },
  };
}

function failure(status: number, codes: readonly ErrorCode[]): object {
  const retry = status === 429 || status === 503 ? { 'Retry-After': reference('headers', 'RetryAfter') } : {};
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCatalogue[code].title}`).join('; '),
    headers: { 'X-Request-Id': reference('headers', 'RequestId'), ...retry },
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            reference('schemas', 'Problem'),
            { type: 'object', properties: { status: { const: status }, code: { enum: [...codes] } } },
          ],
        },
      },
    },
  };
}

function reference(kind: 'headers' | 'responses' | 'schemas', name: string): { $ref: string } {
  return { $ref: `#/components/${kind}/${name}` };
}
