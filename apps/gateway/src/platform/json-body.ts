import { isUtf8 } from 'node:buffer';
import { DomainError } from '@support101/contracts';

/** The headers that say how a body is written. */
export interface BodyHeaders {
  readonly 'content-type'?: string | undefined;
  readonly 'content-encoding'?: string | undefined;
}

/** The value of a JSON request body; an empty body is undefined. Throws `malformed_json` or `unsupported_media_type`. */
export function parseJsonBody(headers: BodyHeaders, body: Buffer): unknown {
  refuseEncoded(headers);
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new DomainError('malformed_json', 'The body is not valid UTF-8.');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new DomainError('malformed_json', 'The body is not valid JSON.', { cause });
  }
}

const charsetParameter = /;\s*charset\s*=\s*"?([^";\s]+)/i;

function refuseEncoded(headers: BodyHeaders): void {
  const charset = charsetParameter.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset)) throw new DomainError('unsupported_media_type', 'JSON is always UTF-8.');
  const encoding = headers['content-encoding'] ?? 'identity';
  if (!/^identity$/i.test(encoding)) throw new DomainError('unsupported_media_type', 'A compressed body is not accepted.');
}
