import { DomainError, type InputOf } from '@support101/contracts';
import type { updateWebhookSource, WebhookProvider } from '@support101/contracts/webhook-gateway';
import { secretProblem } from './sources-secret.rules.js';

/** How many sources a tenant may have that are not deleted. */
export const maxSources = 100;

/** Throws `limit_exceeded` when there is no room for another. */
export function checkRoom(count: number): void {
  if (count >= maxSources) throw new DomainError('limit_exceeded', `A tenant has at most ${maxSources} webhook sources.`);
}

/** Throws `validation_failed` when a signature could not be checked with the secret. */
export function checkSecret(provider: WebhookProvider, secret: string): void {
  const message = secretProblem(provider, secret);
  if (message === undefined) return;
  throw new DomainError('validation_failed', `/secret: ${message}`, { issues: [{ path: '/secret', message }] });
}

/** Throws `version_mismatch` when the source is not as the asker knows it. */
export function checkVersion({ version }: { readonly version: number }, expected: number | undefined): void {
  if (expected !== undefined && expected !== version) throw new DomainError('version_mismatch');
}

/** Throws `validation_failed` when two secrets are asked for at once. */
export function checkChange({ secret, rotateSecret }: InputOf<typeof updateWebhookSource>): void {
  if (secret === undefined || rotateSecret !== true) return;
  const message = 'cannot be given together with secret';
  throw new DomainError('validation_failed', `/rotateSecret: ${message}`, { issues: [{ path: '/rotateSecret', message }] });
}

/** What a change changes. */
export function changedParts(
  row: { readonly name: string; readonly enabled: boolean },
  { name, enabled, secret, rotateSecret }: InputOf<typeof updateWebhookSource>,
): ('name' | 'enabled' | 'secret')[] {
  return [
    ...(name !== undefined && name !== row.name ? (['name'] as const) : []),
    ...(enabled !== undefined && enabled !== row.enabled ? (['enabled'] as const) : []),
    ...(secret !== undefined || rotateSecret === true ? (['secret'] as const) : []),
  ];
}

/** A secret in the form that its provider's signatures are made with. */
export function secretText(random: Uint8Array): string {
  return `whsec_${btoa(String.fromCharCode(...random))}`;
}
