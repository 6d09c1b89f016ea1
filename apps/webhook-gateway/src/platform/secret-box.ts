import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { TenantId } from '@support101/contracts';

/** Whose secret it is, and which one: a sealed secret opens for nothing else. */
export interface SecretOwner {
  readonly tenantId: TenantId;
  readonly sourceId: string;
  readonly version: number;
}

/** A secret as it may lie in a database, and the name of the key that opens it. */
export interface SealedSecret {
  readonly keyId: string;
  /** Nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly sealed: Uint8Array<ArrayBuffer>;
}

const nonceLength = 12;
const tagLength = 16;

/** Seals secrets with AES-256-GCM. Needs them in plain because signatures cannot be checked with a hash. */
export class SecretBox {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #current: readonly [id: string, key: Buffer];

  /** Throws when a key is not 32 bytes in base64. */
  constructor(secretsKey: string) {
    const keys = secretsKey.split(',').map((text) => keyOf(text.trim()));
    this.#keys = new Map(keys);
    this.#current = keys[0] as [string, Buffer];
  }

  seal(owner: SecretOwner, secret: string): SealedSecret {
    const [keyId, key] = this.#current;
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength }).setAAD(aadOf(owner));
    const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { keyId, sealed: new Uint8Array(sealed) };
  }

  /** Throws when it was sealed with a key that is not here, for another owner, or was altered. */
  open(owner: SecretOwner, { keyId, sealed }: { readonly keyId: string; readonly sealed: Uint8Array }): string {
    const key = this.#keys.get(keyId);
    if (key === undefined)
      throw new Error(`the secret of ${owner.sourceId} is sealed with the key ${keyId}, which is not configured`);
    const [nonce, text, tag] = [
      sealed.subarray(0, nonceLength),
      sealed.subarray(nonceLength, -tagLength),
      sealed.subarray(-tagLength),
    ];
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength }).setAAD(aadOf(owner));
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
  }
}

function keyOf(text: string): [id: string, key: Buffer] {
  const key = Buffer.from(text, 'base64');
  if (key.length !== 32 || key.toString('base64') !== text) {
    throw new Error('the secrets key must be 32 bytes in base64 (SUPPORT101_SECRETS_KEY)');
  }
  // Names the key without telling anything about it.
  return [createHash('sha256').update('secrets-key-id').update(key).digest('hex').slice(0, 16), key];
}

function aadOf({ tenantId, sourceId, version }: SecretOwner): Buffer {
  return Buffer.from(`${tenantId}|${sourceId}|${version}`);
}
