import type { RefusalReason, WebhookProvider } from '@support101/contracts/webhook-gateway';

/** The headers of a request under lower-case names; values that came more than once are joined by line feeds. */
export type Headers = Readonly<Record<string, string>>;

/** What a request says about its signature, in a form that can be checked. */
export interface Claim {
  /** What was signed before the body. */
  readonly prefix: string;
  /** Well-formed signatures of 32 bytes each, as texts. */
  readonly signatures: readonly string[];
  readonly encoding: 'hex' | 'base64';
}

/** Either a claim, or why there is none worth checking. */
export type Reading = Claim | { readonly refused: RefusalReason };

/** How far the sender's clock may be from ours, either way, in milliseconds. */
export const windowMs = 300_000;

/** More signatures than this in one header are an attack: senders have one, and a second while they change secrets. */
const maxSignatures = 16;

const hexMac = /^[0-9a-f]{64}$/;
// 32 bytes have two bits left over in the last letter, which are zero: no second text means the same bytes.
const base64Mac = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Reads the headers by the provider's rules; looks at nothing of the body. */
export function readClaim(provider: WebhookProvider, headers: Headers, now: Date): Reading {
  return readers[provider](headers, now);
}

const readers: Readonly<Record<WebhookProvider, (headers: Headers, now: Date) => Reading>> = {
  slack(headers, now) {
    const [signature, timestamp] = [single(headers, 'x-slack-signature'), single(headers, 'x-slack-request-timestamp')];
    if (signature === undefined || timestamp === undefined) return missing;
    if (!signature.startsWith('v0=') || !hexMac.test(signature.slice(3))) return invalid;
    const refused = untimely(unixTime(timestamp), now);
    return refused ?? { prefix: `v0:${timestamp}:`, signatures: [signature.slice(3)], encoding: 'hex' };
  },

  zendesk(headers, now) {
    const signature = single(headers, 'x-zendesk-webhook-signature');
    const timestamp = single(headers, 'x-zendesk-webhook-signature-timestamp');
    if (signature === undefined || timestamp === undefined) return missing;
    if (!base64Mac.test(signature)) return invalid;
    const refused = untimely(isoTime(timestamp), now);
    return refused ?? { prefix: timestamp, signatures: [signature], encoding: 'base64' };
  },

  // Jira signs no time: a replay is known by its digest, which is kept for longer than anybody retries.
  jira(headers) {
    const signature = single(headers, 'x-hub-signature');
    if (signature === undefined) return missing;
    if (!signature.startsWith('sha256=') || !hexMac.test(signature.slice(7))) return invalid;
    return { prefix: '', signatures: [signature.slice(7)], encoding: 'hex' };
  },

  /** Standard Webhooks. Signatures of other versions (`v1a`) beside ours are passed over. */
  generic(headers, now) {
    const [id, timestamp] = [single(headers, 'webhook-id'), single(headers, 'webhook-timestamp')];
    const list = single(headers, 'webhook-signature');
    if (id === undefined || timestamp === undefined || list === undefined) return missing;
    // With a "." in the id, one signed text could be read as two different deliveries.
    if (!/^[\x21-\x2d\x2f-\x7e]{1,200}$/.test(id)) return invalid;
    const parts = list.split(' ');
    if (parts.length > maxSignatures) return invalid;
    const signatures = parts.filter((part) => part.startsWith('v1,')).map((part) => part.slice(3));
    const wellFormed = signatures.filter((signature) => base64Mac.test(signature));
    if (wellFormed.length === 0) return invalid;
    const refused = untimely(unixTime(timestamp), now);
    return refused ?? { prefix: `${id}.${timestamp}.`, signatures: wellFormed, encoding: 'base64' };
  },
};

const missing = { refused: 'signature_missing' } as const;
const invalid = { refused: 'signature_invalid' } as const;

/** The header's value when it came exactly once and says something. */
function single(headers: Headers, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return value === undefined || value === '' || value.includes('\n') ? undefined : value;
}

function untimely(at: number | undefined, now: Date): { refused: RefusalReason } | undefined {
  if (at === undefined) return { refused: 'timestamp_invalid' };
  return Math.abs(now.getTime() - at) > windowMs ? { refused: 'timestamp_outside_window' } : undefined;
}

/** Milliseconds of a time in whole unix seconds. */
function unixTime(text: string): number | undefined {
  return /^[1-9][0-9]{0,11}$/.test(text) ? Number(text) * 1000 : undefined;
}

const iso = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/;

function isoTime(text: string): number | undefined {
  const at = iso.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
