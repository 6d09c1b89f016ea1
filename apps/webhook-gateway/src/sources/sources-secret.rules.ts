import type { WebhookProvider } from '@support101/contracts/webhook-gateway';

const standardSecret = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;

/** How a secret becomes the key of the signature: what it is written in, and its text without decoration. */
export function keyTextOf(provider: WebhookProvider, secret: string): { text: string; encoding: 'utf8' | 'base64' } {
  if (provider !== 'generic') return { text: secret, encoding: 'utf8' };
  return { text: standardSecret.exec(secret)?.[1] ?? '', encoding: 'base64' };
}

/** What is wrong with a secret that somebody gives; undefined when it can be used. */
export function secretProblem(provider: WebhookProvider, secret: string): string | undefined {
  if (provider !== 'generic') return undefined;
  const bytes = standardSecret.exec(secret)?.[1];
  if (bytes === undefined) return 'must be whsec_ and then base64';
  const length = (bytes.length / 4) * 3 - (/=*$/.exec(bytes)?.[0].length ?? 0);
  return length >= 24 && length <= 64 ? undefined : 'must have 24 to 64 bytes';
}
