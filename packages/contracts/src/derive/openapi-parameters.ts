import type { z } from 'zod';
import { pathParameters, type HttpBinding, type Rpc, type StreamContract } from '../kernel/contract.js';
import { ExportFormat } from '../kernel/export.js';
import type { JsonSchema } from './json-schema.js';

/** A contract that has an HTTP route. */
export type Routed = (Rpc | StreamContract) & { readonly http: HttpBinding };

/** Where each field of a contract's input comes from in an HTTP request. */
export interface InputPlaces {
  readonly path: readonly string[];
  /** The field that takes `Prefer: wait=N`, and the one that takes `If-Match`. */
  readonly preferWait: string | undefined;
  readonly ifMatch: string | undefined;
  /** All other fields: in the body, or in the query where the method has no body. */
  readonly rest: readonly string[];
  readonly hasBody: boolean;
}

/** What a request may say: the contract's input, for an export without the cursor and with the format. */
export function requestInput({ http, input }: Routed): z.ZodObject {
  return http.export === undefined ? input : input.omit({ cursor: true }).extend({ format: ExportFormat });
}

/** Splits what a request may say over path, headers, and body or query. */
export function inputPlaces(contract: Routed): InputPlaces {
  const { http } = contract;
  const path = pathParameters(http.path);
  const ifMatch = http.etag === true && http.method !== 'GET' ? 'expectedVersion' : undefined;
  const taken = new Set([...path, http.preferWait, ifMatch, http.raw?.body, http.raw?.headers]);
  const hasBody = http.method !== 'GET' && http.method !== 'DELETE';
  return {
    path,
    preferWait: http.preferWait,
    ifMatch,
    hasBody,
    rest: Object.keys(requestInput(contract).shape).filter((name) => !taken.has(name)),
  };
}

// No examples here: reference pages would send them with every try.
/** Header parameters that many operations share, as OpenAPI components. */
export const headerParameters = {
  RequestId: header('X-Request-Id', 'Names this request in answers, logs and the audit; made up when it is missing.', {
    type: 'string',
    pattern: '^[A-Za-z0-9._:-]{1,128}$',
  }),
  TraceParent: header('traceparent', 'W3C trace context: the trace this request is part of.', { type: 'string' }),
  TenantId: header('X-Tenant-Id', 'The tenant to act for; for platform credentials only. A tenant key’s tenant is its own.', {
    type: 'string',
  }),
  IdempotencyKey: header('Idempotency-Key', 'The same key with the same body is answered once and repeated for 24 hours.', {
    type: 'string',
    minLength: 1,
    maxLength: 255,
  }),
  IfMatch: header('If-Match', 'The ETag that was read, for example `"3"`; 412 when the record has changed since.', {
    type: 'string',
  }),
  Prefer: header('Prefer', '`wait=N`: how many seconds to wait for the result before answering 202.', { type: 'string' }),
  LastEventId: header('Last-Event-ID', 'The last item received: the stream goes on after it.', { type: 'string' }),
} as const;

/** The `parameters` of an operation; `property` gives the schema of an input field. */
export function parametersOf(contract: Routed, property: (name: string) => JsonSchema, required: ReadonlySet<string>): object[] {
  const places = inputPlaces(contract);
  const path = places.path.map((name) => parameter('path', name, property(name), true));
  const query = places.hasBody ? [] : places.rest.map((name) => parameter('query', name, property(name), required.has(name)));
  return [...path, ...query, ...headersOf(contract, places).map((name) => ({ $ref: `#/components/parameters/${name}` }))];
}

function headersOf(contract: Routed, places: InputPlaces): (keyof typeof headerParameters)[] {
  const { access, http } = contract;
  const ofTenant = 'resource' in access && (access.tenant ?? 'caller') === 'caller';
  return [
    ...(ofTenant ? (['TenantId'] as const) : []),
    ...(http.method === 'POST' && http.raw === undefined ? (['IdempotencyKey'] as const) : []),
    ...(places.ifMatch === undefined ? [] : (['IfMatch'] as const)),
    ...(places.preferWait === undefined ? [] : (['Prefer'] as const)),
    ...(contract.kind === 'stream' ? (['LastEventId'] as const) : []),
    'RequestId',
    'TraceParent',
  ];
}

function parameter(where: 'path' | 'query', name: string, schema: JsonSchema, required: boolean): object {
  const { description, ...rest } = schema;
  // Lists are written "a,b": a parameter that comes twice is refused.
  const list = where === 'query' && schema.type === 'array' ? { style: 'form', explode: false } : {};
  return { name, in: where, required, ...(description === undefined ? {} : { description }), ...list, schema: rest };
}

function header(name: string, description: string, schema: JsonSchema): object {
  return { name, in: 'header', required: false, description, schema };
}
