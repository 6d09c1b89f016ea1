import { z } from 'zod';

/** A TypeID: a lower-case prefix, an underscore, and 26 base32 characters of a UUIDv7 (sorts by creation time). */
export type Id<Prefix extends string> = `${Prefix}_${string}`;

/** Every id prefix in the system, with what it names. A new kind of record adds its prefix here. */
export const idPrefixes = {
  ten: 'tenant',
  key: 'API key',
  agt: 'agent',
  run: 'run',
  stp: 'run step',
  art: 'knowledge article',
  req: 'human request',
  tkt: 'ticket',
  rev: 'reviewer',
  esc: 'escalation',
  pol: 'policy',
  cal: 'business calendar',
  gpt: 'golden path',
  pbk: 'playbook',
  fbk: 'feedback',
  aud: 'audit entry',
  rep: 'compliance report',
  src: 'webhook source',
  whe: 'webhook endpoint',
  dlv: 'webhook delivery',
  inb: 'inbound webhook event',
  evt: 'event',
  cor: 'correlation',
  usr: 'user',
} as const;

export type IdPrefix = keyof typeof idPrefixes;

const suffix = '[0-7][0-9a-hjkmnp-tv-z]{25}';

/**
 * Schema of an id with the given prefix; its TypeScript type is the template literal `<prefix>_…`,
 * so an id of another kind does not compile.
 */
export function id<P extends IdPrefix>(prefix: P) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_${suffix}$`), `must be the id of a ${idPrefixes[prefix]} (${prefix}_…)`)
    .meta({
      description: `Id of a ${idPrefixes[prefix]}`,
      examples: [`${prefix}_01jd5m6wz5f9r8x2k3c4v7b6n1`],
    }) as unknown as z.ZodType<Id<P>, Id<P>>;
}

export const TenantId = id('ten');
export type TenantId = Id<'ten'>;
export const KeyId = id('key');
export type KeyId = Id<'key'>;
export const AgentId = id('agt');
export type AgentId = Id<'agt'>;
export const RunId = id('run');
export type RunId = Id<'run'>;
export const ArticleId = id('art');
export type ArticleId = Id<'art'>;
export const RequestId = id('req');
export type RequestId = Id<'req'>;
export const EventId = id('evt');
export type EventId = Id<'evt'>;
export const CorrelationId = id('cor');
