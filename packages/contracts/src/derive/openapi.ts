import type { Rpc, StreamContract } from '../kernel/contract.js';
import { Problem } from '../kernel/errors.js';
import type { Registry } from '../kernel/registry.js';
import { SchemaBook, type JsonSchema } from './json-schema.js';
import { accessPhrase, headingOf, identifierOf, partsOf } from './names.js';
import { headerParameters, inputPlaces, parametersOf, requestInput, type Routed } from './openapi-parameters.js';
import { responseHeaders, responsesOf } from './openapi-responses.js';

/** What a document says about itself. */
export interface DocumentInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

/** An OpenAPI 3.1 document; plain JSON. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: DocumentInfo;
  readonly paths: Record<string, Record<string, OpenApiOperation>>;
  readonly components: { readonly schemas: Record<string, JsonSchema> } & Record<string, unknown>;
  readonly [extension: string]: unknown;
}

/** One operation of an OpenAPI document, as far as readers of ours need it. */
export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters: readonly object[];
  readonly requestBody?: object;
  readonly responses: Record<string, object>;
  readonly [more: string]: unknown;
}

/** The OpenAPI 3.1 document of every contract that has an HTTP route. */
export function openapi(registry: Registry, info: DocumentInfo): OpenApiDocument {
  const book = new SchemaBook('#/components/schemas/');
  const failures = new Map<string, object>();
  book.schema(Problem, 'output');
  const routed = [...registry.rpcs, ...registry.streams].filter(isRouted).sort(byPath);
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const contract of routed) {
    const methods = (paths[contract.http.path] ??= {});
    methods[contract.http.method.toLowerCase()] = operation(contract, book, failures);
  }
  return {
    openapi: '3.1.0',
    info,
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: tagsOf(routed),
    'x-tagGroups': tagGroupsOf(routed),
    paths,
    components: {
      schemas: book.components,
      parameters: headerParameters,
      headers: responseHeaders,
      responses: Object.fromEntries([...failures].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A tenant’s API key (`s101_…`) or the platform key.' },
      },
    },
  };
}

/** True for a contract that has an HTTP route. */
export function isRouted(contract: Rpc | StreamContract): contract is Routed {
  return contract.http !== undefined;
}

function operation(contract: Routed, book: SchemaBook, failures: Map<string, object>): OpenApiOperation {
  const input = book.schema(requestInput(contract), 'input');
  const property = (name: string): JsonSchema => (input.properties?.[name] ?? {}) as JsonSchema;
  const required = new Set(input.required);
  const answer = book.schema(contract.kind === 'rpc' ? contract.output : contract.item, 'output');
  const body = bodyOf(contract, property, required);
  return {
    operationId: identifierOf(contract.subject),
    tags: [tagOf(contract)],
    summary: contract.summary,
    description: `Access: ${accessPhrase(contract.access)}.`,
    ...('public' in contract.access ? { security: [] } : {}),
    parameters: parametersOf(contract, property, required),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: responsesOf(contract, answer, failures),
    'x-subject': contract.subject,
  };
}

function bodyOf(contract: Routed, property: (name: string) => JsonSchema, required: ReadonlySet<string>): object | undefined {
  const places = inputPlaces(contract);
  if (!places.hasBody) return undefined;
  if (contract.http.raw !== undefined) return rawBody;
  const mandatory = places.rest.filter((name) => required.has(name));
  const schema = {
    type: 'object',
    properties: Object.fromEntries(places.rest.map((name) => [name, property(name)])),
    ...(mandatory.length === 0 ? {} : { required: mandatory }),
    additionalProperties: false,
  };
  return { required: mandatory.length > 0, content: { 'application/json': { schema } } };
}

/** Of any media type, but these two say what to expect. */
const rawBody = {
  required: true,
  content: {
    'application/json': { schema: { description: 'Exactly the bytes that the sender signed' } },
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
  },
};

function tagOf(contract: Routed): string {
  const { service, capability } = partsOf(contract.subject);
  return `${service}:${capability}`;
}

function tagsOf(contracts: readonly Routed[]): object[] {
  return distinct(contracts.map(tagOf)).map((name) => ({ name, 'x-displayName': headingOf(name.slice(name.indexOf(':') + 1)) }));
}

function tagGroupsOf(contracts: readonly Routed[]): object[] {
  const services = distinct(contracts.map((contract) => partsOf(contract.subject).service));
  return services.map((service) => ({
    name: headingOf(service),
    tags: distinct(contracts.map(tagOf)).filter((tag) => tag.startsWith(`${service}:`)),
  }));
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

const methodOrder = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

function byPath(a: Routed, b: Routed): number {
  if (a.http.path !== b.http.path) return a.http.path < b.http.path ? -1 : 1;
  return methodOrder.indexOf(a.http.method) - methodOrder.indexOf(b.http.method);
}
