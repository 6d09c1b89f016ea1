import type { z } from 'zod';
import type { Access } from './access.js';
import type { AuditType } from './audit.js';
import type { Caller, TenantCaller } from './caller.js';
import type { ErrorCode } from './errors.js';
import { listedEntry } from './export.js';

/** The methods that routes have. */
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
/** What a route answers when all went well. */
export type SuccessStatus = 200 | 201 | 202 | 204;

/** How a contract is reached over HTTP. Fields not in the path come from the body, for GET and DELETE from the query. */
export interface HttpBinding<Output = unknown> {
  readonly method: HttpMethod;
  /** `/v1/…` with `{inputField}` for path parameters. */
  readonly path: `/${string}`;
  /** 200 unless said; a function picks one of `among`. */
  readonly status?: SuccessStatus | { readonly among: readonly SuccessStatus[]; of(output: Output): SuccessStatus };
  /** The `Location` header of a 201 or 202. */
  location?(output: Output): string;
  /** Input field that takes the seconds of `Prefer: wait=N`. */
  readonly preferWait?: string;
  /**
   * For requests that others sign: any content type is taken, the input field `body` gets the exact bytes in base64, and
   * `headers` the request's headers as texts under lower-case names. A header that came more than once has its values
   * joined with line feeds, which no single value can hold. The query is ignored; there are no other fields.
   */
  readonly raw?: RawBinding;
  /**
   * For a list that is sent as one file: the route answers with all pages of it, in the form that `?format=` names. The
   * output is a `page` of objects; the input has `cursor`, which the route fills and no request may name. The first page
   * decides where the list ends, so that what is added meanwhile does not make it endless.
   */
  readonly export?: ExportBinding;
  /** The output has a `version`: it is sent as `ETag`, and `If-Match` becomes the input field `expectedVersion`. */
  readonly etag?: true;
}

/** The input fields that take a request as it came. */
export interface RawBinding {
  readonly body: string;
  readonly headers: string;
}

/** The file that a list is sent as. */
export interface ExportBinding {
  /** What its name begins with, for example `audit`. */
  readonly name: string;
}

/** A command or query: asked by one, answered by exactly one service. */
export interface Rpc<
  Subject extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
  Errors extends readonly ErrorCode[] = readonly ErrorCode[],
  A extends Access = Access,
> {
  readonly kind: 'rpc';
  readonly subject: Subject;
  readonly summary: string;
  readonly access: A;
  readonly http?: HttpBinding<z.output<Output>>;
  readonly input: Input;
  readonly output: Output;
  readonly errors: Errors;
  /** How long a caller waits unless it says otherwise, in milliseconds. */
  readonly timeoutMs: number;
}

/** A fact that became true together with the transaction that made it so. */
export interface EventContract<Type extends string = string, Data extends z.ZodObject = z.ZodObject> {
  readonly kind: 'event';
  readonly type: Type;
  readonly summary: string;
  readonly data: Data;
  /** `<kind>:<id>` of what the fact is about; events of one resource keep their order. */
  resource(data: z.output<Data>): string;
  /** The entry's type in the audit, and how it turned out (`success` unless said). */
  readonly audit: AuditType;
  outcome(data: z.output<Data>): string;
}

/** Server-sent items: `item` is one of them; each has an id from which a client can resume. */
export interface StreamContract<
  Subject extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Item extends z.ZodType = z.ZodType,
  A extends Access = Access,
> {
  readonly kind: 'stream';
  readonly subject: Subject;
  readonly summary: string;
  readonly access: A;
  readonly http: HttpBinding;
  readonly input: Input;
  readonly item: Item;
  readonly errors: readonly ErrorCode[];
}

/** Anything that is declared once and crosses a process border. */
export type Contract = Rpc | EventContract | StreamContract;

/** What a contract is asked with, after parsing. */
export type InputOf<C extends { input: z.ZodObject }> = z.output<C['input']>;
/** What a contract answers. */
export type OutputOf<C extends { output: z.ZodType }> = z.output<C['output']>;
/** What an event says. */
export type DataOf<E extends { data: z.ZodObject }> = z.output<E['data']>;

/** The caller a handler of this contract receives: with a tenant unless the contract is about none. */
export type CallerOf<C extends { access: Access }> = C['access'] extends
  | { readonly public: true }
  | { readonly internal: true }
  | { readonly tenant: 'platform' }
  ? Caller
  : TenantCaller;

const subjectForm = /^[a-z][a-z-]*\.[a-z][a-z-]*\.[a-z][a-z-]*\.v[1-9][0-9]*$/;

/** Declares a command or query. The subject is `<service>.<capability>.<verb>.v<N>`. */
export function rpc<
  const Subject extends string,
  Input extends z.ZodObject,
  Output extends z.ZodType,
  const Errors extends readonly ErrorCode[],
  const A extends Access,
>(
  subject: Subject,
  definition: {
    summary: string;
    access: A;
    http?: HttpBinding<z.output<Output>>;
    input: Input;
    output: Output;
    errors: Errors;
    timeoutMs?: number;
  },
): Rpc<Subject, Input, Output, Errors, A> {
  checkName(subject);
  if ('internal' in definition.access && definition.http !== undefined) {
    throw new Error(`${subject}: an internal contract must not have an HTTP route`);
  }
  if (definition.http !== undefined) checkPath(subject, definition.http, definition.input);
  if (definition.http?.export !== undefined) checkExport(subject, definition.http.method, definition);
  return { kind: 'rpc', subject, timeoutMs: 10_000, ...definition };
}

/** Declares a fact. The type is `<service>.<capability>.<past-tense>.v<N>`. */
export function event<const Type extends string, Data extends z.ZodObject>(
  type: Type,
  definition: {
    summary: string;
    data: Data;
    resource: (data: z.output<Data>) => string;
    audit: AuditType;
    outcome?: (data: z.output<Data>) => string;
  },
): EventContract<Type, Data> {
  checkName(type);
  return { kind: 'event', type, outcome: () => 'success', ...definition };
}

/** Declares a stream of server-sent items. */
export function stream<const Subject extends string, Input extends z.ZodObject, Item extends z.ZodType, const A extends Access>(
  subject: Subject,
  definition: { summary: string; access: A; http: HttpBinding; input: Input; item: Item; errors: readonly ErrorCode[] },
): StreamContract<Subject, Input, Item, A> {
  checkName(subject);
  checkPath(subject, definition.http, definition.input);
  return { kind: 'stream', subject, ...definition };
}

/** The names of the `{parameters}` in a path, in order. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{([a-zA-Z]+)\}/g)].map((match) => match[1] as string);
}

function checkName(name: string): void {
  if (!subjectForm.test(name)) throw new Error(`${name}: must be <service>.<capability>.<verb>.v<N> in lower case`);
}

function checkPath(
  subject: string,
  http: Pick<HttpBinding, 'method' | 'path' | 'preferWait' | 'etag' | 'raw'>,
  input: z.ZodObject,
): void {
  const named = [...pathParameters(http.path), ...(http.preferWait === undefined ? [] : [http.preferWait])];
  if (http.etag === true && http.method !== 'GET') named.push('expectedVersion');
  if (http.raw !== undefined) named.push(http.raw.body, http.raw.headers);
  for (const name of named) {
    if (!(name in input.shape)) throw new Error(`${subject}: the route needs the input field ${name}`);
  }
  if (http.raw === undefined) return;
  if (http.method === 'GET' || http.method === 'DELETE') throw new Error(`${subject}: ${http.method} has no raw body`);
  const other = Object.keys(input.shape).find((name) => !named.includes(name));
  if (other !== undefined) throw new Error(`${subject}: nothing fills ${other} where the body is raw`);
}

function checkExport(subject: string, method: HttpMethod, { input, output }: { input: z.ZodObject; output: z.ZodType }): void {
  if (method !== 'GET') throw new Error(`${subject}: an export is read with GET`);
  if (!('cursor' in input.shape)) throw new Error(`${subject}: an export needs the input field cursor`);
  if ('format' in input.shape) throw new Error(`${subject}: format is for the route of an export, not for its input`);
  if (listedEntry(output) === undefined) throw new Error(`${subject}: an export answers with a page of objects`);
}
