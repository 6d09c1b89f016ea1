import type { Rpc } from '@support101/contracts';

type Http = NonNullable<Rpc['http']>;

/** Status, headers and body of the HTTP answer for a contract's output; `replyHeaders` came with it. */
export function answerOf(http: Http, output: unknown, replyHeaders: Readonly<Record<string, string>>) {
  const status = statusOf(http, output);
  const headers: Record<string, string> = {};
  if (http.location !== undefined && (status === 201 || status === 202)) headers['location'] = http.location(output);
  const version = http.etag === true && status !== 204 ? versionOf(output) : undefined;
  if (version !== undefined) headers['etag'] = `"${version}"`;
  if (replyHeaders['idempotency-replayed'] === 'true') headers['idempotency-replayed'] = 'true';
  return { status, headers, body: status === 204 ? undefined : output };
}

/** True for a usable Idempotency-Key: 1 to 255 visible characters. */
export function isIdempotencyKey(key: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(key);
}

function statusOf({ status }: Http, output: unknown): number {
  if (status === undefined) return 200;
  return typeof status === 'number' ? status : status.of(output);
}

function versionOf(output: unknown): string | undefined {
  const version = typeof output === 'object' && output !== null && 'version' in output ? output.version : undefined;
  return typeof version === 'number' || typeof version === 'string' ? String(version) : undefined;
}
