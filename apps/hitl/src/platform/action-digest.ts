import { createHash } from 'node:crypto';
import { type DigestedAction, digestText } from '@support101/contracts/hitl';

/** The digest that binds an action to its tenant, run and expiry: SHA-256 in hex. */
export function digestOf(action: DigestedAction): string {
  return createHash('sha256').update(digestText(action)).digest('hex');
}
