import type { Access } from '../kernel/access.js';
import type { EventContract, HttpBinding, Rpc, StreamContract } from '../kernel/contract.js';
import type { Registry } from '../kernel/registry.js';
import { SchemaBook, type JsonSchema } from './json-schema.js';
import { successStatuses } from './openapi-responses.js';

/** How a contract is reached over HTTP, without functions. */
export interface HttpSnapshot {
  readonly method: string;
  readonly path: string;
  readonly statuses: readonly number[];
  readonly location: boolean;
  readonly etag: boolean;
  readonly preferWait?: string;
  readonly raw?: boolean;
  readonly export?: boolean;
}

/** One contract as plain JSON. A command has input and output, a stream input and item, an event data. */
export interface ContractSnapshot {
  readonly kind: 'rpc' | 'event' | 'stream';
  readonly summary: string;
  readonly access?: Access;
  readonly http?: HttpSnapshot;
  readonly errors?: readonly string[];
  readonly audit?: string;
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
}

/** Every contract as plain JSON, in a fixed order: what `contracts.json` holds and compatibility is judged by. */
export interface ContractsSnapshot {
  readonly format: 1;
  readonly contracts: Readonly<Record<string, ContractSnapshot>>;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

/** Takes the snapshot of a registry. */
export function snapshot(registry: Registry): ContractsSnapshot {
  const book = new SchemaBook('#/schemas/');
  const asked = (contract: Rpc | StreamContract): readonly [string, ContractSnapshot] => {
    const { kind, subject, summary, access, http, errors, input } = contract;
    const output = kind === 'rpc' ? contract.output : contract.item;
    const schemas = { input: book.schema(input, 'input'), output: book.schema(output, 'output') };
    return [subject, { kind, summary, access, ...httpOf(http), errors: [...errors].sort(), ...schemas }];
  };
  const told = ({ kind, type, summary, audit, data }: EventContract): readonly [string, ContractSnapshot] => {
    return [type, { kind, summary, audit, output: book.schema(data, 'output') }];
  };
  const entries = [...registry.rpcs.map(asked), ...registry.streams.map(asked), ...registry.events.map(told)];
  const contracts = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  return { format: 1, contracts, schemas: book.components };
}

function httpOf(http: HttpBinding | undefined): { http?: HttpSnapshot } {
  if (http === undefined) return {};
  return {
    http: {
      method: http.method,
      path: http.path,
      statuses: successStatuses(http),
      location: http.location !== undefined,
      etag: http.etag === true,
      ...(http.preferWait === undefined ? {} : { preferWait: http.preferWait }),
      ...(http.raw === undefined ? {} : { raw: true }),
      ...(http.export === undefined ? {} : { export: true }),
    },
  };
}
