import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const macLength = 32;

/** What was signed: a text and then the body, with nothing between. */
export interface SignedContent {
  readonly prefix: string;
  readonly body: Uint8Array;
}

/**
 * True when one of the signatures is the HMAC-SHA256 of the content under one of the keys. Compares every signature with
 * every key in constant time, so that the time tells nothing.
 */
export function isSigned(
  { prefix, body }: SignedContent,
  keys: readonly Uint8Array[],
  signatures: readonly Uint8Array[],
): boolean {
  let found = false;
  for (const key of keys) {
    const expected = createHmac('sha256', key).update(prefix, 'utf8').update(body).digest();
    for (const signature of signatures) {
      // Another length would throw; a decoder that cuts at what it does not know makes such lengths.
      if (signature.length === macLength && timingSafeEqual(signature, expected)) found = true;
    }
  }
  return found;
}

/** SHA-256 of what was signed: the same for the same delivery. */
export function digestOf({ prefix, body }: SignedContent): Uint8Array {
  return createHash('sha256').update(prefix, 'utf8').update(body).digest();
}
