import { z } from 'zod';
import { rpc } from '../kernel/contract.js';
import { TenantId } from '../kernel/ids.js';
import { text } from '../kernel/text.js';

/** The limits on what a tenant may hold at once: a place is reserved by a record and released. */
export const reservableLimits = ['agents', 'concurrentExecutions', 'hitlQueueSize', 'vectorDocuments'] as const;
/** One of the limits that places are reserved of. */
export const ReservableLimit = z.enum(reservableLimits);
export type ReservableLimit = z.infer<typeof ReservableLimit>;

/** A calendar month in UTC. */
export const Period = z
  .string()
  .regex(/^2\d{3}-(0[1-9]|1[0-2])$/, 'must be a month (YYYY-MM)')
  .meta({ description: 'Calendar month in UTC', examples: ['2026-11'] });

const count = z.number().int().nonnegative();
const limitName = ReservableLimit.meta({ description: 'The limit of the caller’s tenant that is meant' });
const holder = text(64).meta({ description: 'Id of the record that takes the place; it counts once' });

/** Takes a place under one of the limits of the caller’s tenant, or renews it; more than the limit is never given out. */
export const reserveUsage = rpc('tenancy.usage.reserve.v1', {
  summary: 'Take a place under a limit; asked again for the same holder it counts once and renews the lease',
  access: { internal: true },
  input: z.object({
    limit: limitName,
    holder,
    ttlSeconds: z.number().int().min(1).max(86_400).optional().meta({
      description: 'A lease: the place is free again after this time unless renewed. Left out: kept until released',
    }),
  }),
  output: z.object({
    current: count.meta({ description: 'How many places are taken, this one included' }),
    limit: count,
  }),
  errors: ['tenant_not_found', 'limit_exceeded'],
});

/** Gives a place back; one that is not taken is not an error. */
export const releaseUsage = rpc('tenancy.usage.release.v1', {
  summary: 'Give back a place under a limit; a second time changes nothing',
  access: { internal: true },
  input: z.object({ limit: limitName, holder }),
  output: z.object({}),
  errors: [],
});

const metered = z.object({ current: count.meta({ description: 'Taken now, whatever the period' }), limit: count });
const unmetered = z.object({ limit: count });

/** What a tenant uses and has used. A limit that nothing is counted for yet has no `current`. */
export const TenantUsage = z
  .object({
    tenantId: TenantId,
    period: Period,
    limits: z.object({
      agents: metered,
      concurrentExecutions: metered,
      hitlQueueSize: metered,
      vectorDocuments: metered,
      requestsPerMinute: unmetered,
      storageMb: unmetered,
    }),
    runs: z
      .object({
        started: count,
        resolved: count,
        assisted: count,
        escalated: count,
        abandoned: count,
        failed: count,
        cancelled: count,
        timedOut: count,
      })
      .meta({ description: 'Runs that started in the period, and those that ended in it by how they turned out' }),
    tokens: z.object({ input: count, output: count }).meta({ description: 'Of the runs that ended in the period' }),
    cost: z.object({ microUsd: count }).meta({ description: 'Millionths of a US dollar, of the runs that ended in the period' }),
  })
  .meta({ id: 'TenantUsage' });
export type TenantUsage = z.infer<typeof TenantUsage>;

/** Reads what a tenant uses now and has used in a month. */
export const getUsage = rpc('tenancy.usage.get.v1', {
  summary: 'What a tenant uses of its limits now, and its runs, tokens and cost of one month',
  access: { resource: 'tenancy:usage', level: 'read', tenant: 'path' },
  http: { method: 'GET', path: '/v1/tenants/{tenantId}/usage' },
  input: z.object({
    tenantId: TenantId,
    period: Period.optional().meta({ description: 'Calendar month in UTC; left out: the present one' }),
  }),
  output: TenantUsage,
  errors: ['tenant_not_found'],
});
