import { z } from 'zod';
import type { EventContract } from './contract.js';
import { EventId, TenantId } from './ids.js';

/**
 * An event on the wire: CloudEvents 1.0, structured JSON. The extension attributes say who did it, with what
 * outcome, and as part of which request, so that the audit needs nothing else.
 */
export const EventEnvelope = z
  .object({
    specversion: z.literal('1.0'),
    id: EventId,
    source: z.string(),
    type: z.string(),
    /** `<kind>:<id>` of what the fact is about. */
    subject: z.string(),
    time: z.iso.datetime(),
    datacontenttype: z.literal('application/json'),
    tenantid: TenantId,
    principaltype: z.string(),
    principalid: z.string(),
    outcome: z.string(),
    correlationid: z.string(),
    causationid: z.string().optional(),
    traceparent: z.string().optional(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'EventEnvelope' });
export type EventEnvelope = z.infer<typeof EventEnvelope>;

/** An envelope whose data is that of the given contract. */
export type EnvelopeOf<E extends EventContract> = Omit<EventEnvelope, 'data'> & { readonly data: z.output<E['data']> };

/** Root of all event subjects; an outside consumer subscribes below it. */
export const eventSubjectRoot = 'support101';

/** `support101.v<N>.<tenantId>.<service>.<capability>.<fact>` for the event type `<service>.<capability>.<fact>.v<N>`. */
export function eventSubject(type: string, tenantId: TenantId | '*'): string {
  const [service, capability, fact, version] = type.split('.');
  return `${eventSubjectRoot}.${version}.${tenantId}.${service}.${capability}.${fact}`;
}

/** The service that owns a subject or event type: its first part. */
export function serviceOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
}
