import { DomainError, isStorable, toIssues, type Issue } from '@support101/contracts';
import {
  inputPlaces,
  jsonSchemaOf,
  requestInput,
  type InputPlaces,
  type JsonSchema,
  type Routed,
} from '@support101/contracts/derive';
import { pointerPart, unstorablePart } from './storable-json.js';
import { textReader, type TextReader } from './text-values.js';
import { maxIssues, unknownFieldCheck, type FieldCheck } from './unknown-fields.js';

/** The parts of an HTTP request that an input is made from. */
export interface RequestParts {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

/**
 * Makes the input of one contract from requests, strictly: unknown fields and parameters are refused. All that can be
 * prepared is prepared once per route.
 */
export class InputReader {
  readonly #input: Routed['input'];
  readonly #places: InputPlaces;
  readonly #texts: ReadonlyMap<string, TextReader>;
  readonly #unknownFields: FieldCheck;
  readonly #versionReader: TextReader;

  constructor(contract: Routed) {
    this.#input = requestInput(contract);
    const schema = jsonSchemaOf(this.#input, 'input');
    const property = (name: string): JsonSchema => (schema.properties?.[name] ?? {}) as JsonSchema;
    this.#places = inputPlaces(contract);
    const { path, rest, hasBody, ifMatch } = this.#places;
    this.#texts = new Map((hasBody ? path : [...path, ...rest]).map((name) => [name, textReader(property(name), schema)]));
    const body = { type: 'object' as const, properties: Object.fromEntries(rest.map((name) => [name, property(name)])) };
    this.#unknownFields = unknownFieldCheck(body, schema);
    this.#versionReader = ifMatch === undefined ? (text) => text : textReader(property(ifMatch), schema);
  }

  /**
   * The input as the contract's service is to receive it, for an export with `format` and without `cursor`; throws
   * `validation_failed` with every issue.
   */
  read(request: RequestParts): Record<string, unknown> {
    const input: Record<string, unknown> = {};
    const issues: Issue[] = [];
    if (this.#places.hasBody) this.#readBody(request.body, input, issues);
    this.#readQuery(request.query, input, issues);
    this.#readPath(request.params, input, issues);
    this.#readHeaders(request, input, issues);
    const parsed = this.#input.safeParse(input);
    // A value that was refused above is missing here: the first word on a field is the one that counts.
    const named = new Set(issues.map(({ path }) => path));
    if (!parsed.success) issues.push(...toIssues(parsed.error).filter(({ path }) => !named.has(path)));
    const [first] = issues;
    if (first !== undefined)
      throw new DomainError('validation_failed', `${first.path || '/'}: ${first.message}`, {
        issues: issues.slice(0, maxIssues),
      });
    return input;
  }

  #readBody(body: unknown, input: Record<string, unknown>, issues: Issue[]): void {
    if (body === undefined) return;
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      issues.push({ path: '', message: 'the body must be a JSON object' });
      return;
    }
    const unstorable = unstorablePart(body);
    if (unstorable !== undefined) {
      issues.push(unstorable);
      return;
    }
    this.#unknownFields(body, '', issues);
    for (const name of this.#places.rest) {
      if (Object.hasOwn(body, name)) input[name] = (body as Record<string, unknown>)[name];
    }
  }

  #readQuery(query: RequestParts['query'], input: Record<string, unknown>, issues: Issue[]): void {
    for (const name of Object.keys(query)) {
      const path = pointerPart(name);
      const value = query[name];
      const reader = this.#places.hasBody || !this.#places.rest.includes(name) ? undefined : this.#texts.get(name);
      if (reader === undefined) issues.push({ path, message: 'is not a known query parameter', code: 'unrecognized_keys' });
      else if (typeof value !== 'string') issues.push({ path, message: 'is given more than once' });
      else if (!isStorable(value)) issues.push({ path, message: 'must not contain NUL characters or unpaired surrogates' });
      else input[name] = reader(value);
    }
  }

  #readPath(params: RequestParts['params'], input: Record<string, unknown>, issues: Issue[]): void {
    for (const name of this.#places.path) {
      const value = params[name] ?? '';
      if (!isStorable(value))
        issues.push({ path: pointerPart(name), message: 'must not contain NUL characters or unpaired surrogates' });
      else input[name] = this.#texts.get(name)?.(value);
    }
  }

  #readHeaders({ headers }: RequestParts, input: Record<string, unknown>, issues: Issue[]): void {
    const { preferWait, ifMatch } = this.#places;
    const wait = preferWait === undefined ? undefined : waitOf(headers['prefer']);
    if (preferWait !== undefined && wait !== undefined) input[preferWait] = wait;
    const match = ifMatch === undefined ? undefined : headers['if-match'];
    // "*" asks only that the record exists, which the contract checks anyway.
    if (ifMatch === undefined || match === undefined || match === '*') return;
    const version = entityTag.exec(String(match))?.[1];
    if (version === undefined) issues.push({ path: pointerPart(ifMatch), message: 'If-Match must be one ETag, for example "3"' });
    else input[ifMatch] = this.#versionReader(version);
  }
}

// A proxy that compresses makes our tags weak (W/"3"); the version in them is the same.
const entityTag = /^(?:W\/)?"([\x21\x23-\x7e]{1,64})"$/;
const preferredWait = /(?:^|[,;])\s*wait\s*=\s*"?([0-9]{1,6})"?\s*(?:$|[,;])/i;

/** The seconds of `Prefer: wait=N`; a preference that is not understood is ignored, as RFC 7240 has it. */
function waitOf(prefer: string | readonly string[] | undefined): number | undefined {
  const seconds = prefer === undefined ? undefined : preferredWait.exec(String(prefer))?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
