import type { Id, IdPrefix } from '@support101/contracts';
import { typeid } from 'typeid-js';

/** A new id of the given kind: unique, and sorted by creation time to the millisecond. */
export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return typeid(prefix).toString() as Id<P>;
}
