import type { Rpc } from '@support101/contracts';

/** What is sent back when a contract was answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for 204. */
  readonly body: unknown;
}

type Http = NonNullable<Rpc['http']>;

/** The HTTP answer for a contract's output; `replyHeaders` came with it. */
export function answerOf(http: Http, output: unknown, replyHeaders: Readonly<Record<string, string>>): Answer {
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

/** True when the headers announce a body. */
export function announcesBody(headers: {
  readonly 'content-length'?: string | undefined;
  readonly 'transfer-encoding'?: string | undefined;
}): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** A contract's path as the router writes it. */
export function routerPath(path: string): string {
  return path.replaceAll(/\{([a-zA-Z]+)\}/g, ':$1');
}

function statusOf({ status }: Http, output: unknown): number {
  if (status === undefined) return 200;
  return typeof status === 'number' ? status : status.of(output);
}

function versionOf(output: unknown): string | undefined {
  const version = typeof output === 'object' && output !== null && 'version' in output ? output.version : undefined;
  return typeof version === 'number' || typeof version === 'string' ? String(version) : undefined;
}
