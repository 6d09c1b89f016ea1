import { isUtf8 } from 'node:buffer';
import { DomainError } from '@support101/contracts';

/** The value of a JSON request body; an empty body is undefined. Throws `malformed_json` or `unsupported_media_type`. */
export function parseJsonBody(
  headers: { readonly 'content-type'?: string | undefined; readonly 'content-encoding'?: string | undefined },
  body: Buffer,
): unknown {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new DomainError('unsupported_media_type', 'JSON is always UTF-8.');
  }
  const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw new DomainError('unsupported_media_type', 'A compressed body is not accepted.');
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new DomainError('malformed_json', 'The body is not valid UTF-8.');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new DomainError('malformed_json', 'The body is not valid JSON.', { cause });
  }
}
