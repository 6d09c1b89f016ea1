import { schemaBreaks } from './compatibility-schema.js';
import { partsOf } from './names.js';
import type { ContractSnapshot, ContractsSnapshot, HttpSnapshot } from './snapshot.js';

/** One difference that breaks somebody who relies on a contract as it was. */
export interface BreakingChange {
  /** Subject or event type. */
  readonly contract: string;
  /** JSON pointer into the contract: `/output/name`, `/http/path`; empty for the contract itself. */
  readonly path: string;
  readonly change: string;
}

/**
 * What in `next` breaks those who rely on `previous`. Additions are fine; a contract may go when a later version of
 * it stood beside it already.
 */
export function breakingChanges(previous: ContractsSnapshot, next: ContractsSnapshot): BreakingChange[] {
  return Object.entries(previous.contracts).flatMap(([contract, before]) => {
    const after = next.contracts[contract];
    if (after === undefined) {
      return hasSuccessor(contract, previous) ? [] : [{ contract, path: '', change: 'the contract was removed' }];
    }
    return contractBreaks(before, after, previous, next).map((found) => ({ contract, ...found }));
  });
}

type Found = Omit<BreakingChange, 'contract'>;

function contractBreaks(
  before: ContractSnapshot,
  after: ContractSnapshot,
  previous: ContractsSnapshot,
  next: ContractsSnapshot,
): Found[] {
  if (before.kind !== after.kind) return [{ path: '/kind', change: `was ${before.kind}, is ${after.kind}` }];
  const sides = (['input', 'output'] as const).flatMap((direction) => {
    const [was, is] = [before[direction], after[direction]];
    if (was === undefined || is === undefined) return [];
    return schemaBreaks(
      direction,
      { schema: was, schemas: previous.schemas },
      { schema: is, schemas: next.schemas },
      `/${direction}`,
    );
  });
  return [...valueBreaks('/access', before.access, after.access), ...httpBreaks(before.http, after.http), ...sides];
}

function httpBreaks(before: HttpSnapshot | undefined, after: HttpSnapshot | undefined): Found[] {
  if (before === undefined) return [];
  if (after === undefined) return [{ path: '/http', change: 'the route was removed' }];
  const names = (path: string) => path.replaceAll(/\{[a-zA-Z]+\}/g, '{}');
  return [
    ...valueBreaks('/http/method', before.method, after.method),
    ...valueBreaks('/http/path', names(before.path), names(after.path)),
    ...valueBreaks('/http/statuses', before.statuses, after.statuses),
    ...(['location', 'etag', 'preferWait', 'raw', 'export'] as const)
      .filter((name) => Boolean(before[name]) && !after[name])
      .map((name) => ({ path: `/http/${name}`, change: 'was removed' })),
  ];
}

function valueBreaks(path: string, before: unknown, after: unknown): Found[] {
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  return was === is ? [] : [{ path, change: `was ${was}, is ${is}` }];
}

function hasSuccessor(contract: string, { contracts }: ContractsSnapshot): boolean {
  const { service, capability, verb, version } = partsOf(contract);
  return Object.keys(contracts).some((name) => {
    const other = partsOf(name);
    return other.service === service && other.capability === capability && other.verb === verb && other.version > version;
  });
}
