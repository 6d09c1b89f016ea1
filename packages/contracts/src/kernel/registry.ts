import type { Contract, EventContract, Rpc, StreamContract } from './contract.js';
import { serviceOf } from './envelope.js';

/** All contracts of a set of services, by name. */
export interface Registry {
  readonly rpcs: readonly Rpc[];
  readonly events: readonly EventContract[];
  readonly streams: readonly StreamContract[];
}

/**
 * Collects the contracts that the given modules export. Throws when a subject, an event type or an HTTP route is
 * declared twice.
 */
export function buildRegistry(modules: readonly Readonly<Record<string, unknown>>[]): Registry {
  const contracts = modules.flatMap((module) => Object.values(module)).filter(isContract);
  const seen = new Map<string, Contract>();
  for (const contract of contracts) {
    for (const name of namesOf(contract)) {
      const other = seen.get(name);
      if (other !== undefined) throw new Error(`declared twice: ${name}`);
      seen.set(name, contract);
    }
  }
  return {
    rpcs: contracts.filter((contract) => contract.kind === 'rpc'),
    events: contracts.filter((contract) => contract.kind === 'event'),
    streams: contracts.filter((contract) => contract.kind === 'stream'),
  };
}

/** The part of a registry that one service answers and emits. */
export function ofService(registry: Registry, service: string): Registry {
  return {
    rpcs: registry.rpcs.filter((contract) => serviceOf(contract.subject) === service),
    events: registry.events.filter((contract) => serviceOf(contract.type) === service),
    streams: registry.streams.filter((contract) => serviceOf(contract.subject) === service),
  };
}

function isContract(value: unknown): value is Contract {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return value.kind === 'rpc' || value.kind === 'event' || value.kind === 'stream';
}

function namesOf(contract: Contract): string[] {
  const names = [contract.kind === 'event' ? contract.type : contract.subject];
  if (contract.kind !== 'event' && contract.http !== undefined) {
    names.push(`${contract.http.method} ${contract.http.path.replaceAll(/\{[a-zA-Z]+\}/g, '{}')}`);
  }
  return names;
}
