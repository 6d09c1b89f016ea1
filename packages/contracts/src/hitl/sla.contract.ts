import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { id, TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { text, Timestamp } from '../kernel/text.js';

const read = { resource: 'hitl:sla', level: 'read' } as const;
const administer = { resource: 'hitl:sla', level: 'admin' } as const;

/** Schema of a policy’s id: SLA and escalation policies. */
export const PolicyId = id('pol');
export type PolicyId = z.infer<typeof PolicyId>;
/** Schema of a business calendar’s id. */
export const CalendarId = id('cal');
export type CalendarId = z.infer<typeof CalendarId>;

const clockTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day as hh:mm')
  .meta({ description: 'Time of day on the calendar’s clock', examples: ['09:00'] });
const closingTime = z.union([clockTime, z.literal('24:00')]).meta({ description: 'hh:mm, 24:00 for the end of the day' });

/** From when to when a calendar is open on one day, on the wall clock of its time zone. */
export const OpeningHours = z.object({ from: clockTime, to: closingTime }).meta({ id: 'OpeningHours' });
export type OpeningHours = z.infer<typeof OpeningHours>;

/** The days of a week as a calendar names them, Monday first. */
export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const openingsOfADay = z.array(OpeningHours).max(8).optional();

/** When a calendar is open in an ordinary week; a day that is left out is closed. */
export const WeeklyHours = z
  .object({
    monday: openingsOfADay,
    tuesday: openingsOfADay,
    wednesday: openingsOfADay,
    thursday: openingsOfADay,
    friday: openingsOfADay,
    saturday: openingsOfADay,
    sunday: openingsOfADay,
  })
  .meta({ id: 'WeeklyHours' });
export type WeeklyHours = z.infer<typeof WeeklyHours>;

const timeZone = text(60).meta({ description: 'IANA time zone', examples: ['Europe/Berlin'] });
const holidays = z
  .array(z.iso.date())
  .max(1000)
  .meta({ description: 'Days on which it is closed, on the clock of the time zone' });

/** Business hours in which the minutes of an SLA are counted. */
export const Calendar = z
  .object({
    calendarId: CalendarId,
    tenantId: TenantId,
    name: z.string(),
    timeZone,
    weekly: WeeklyHours,
    holidays,
    version: z.number().int(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Calendar' });
export type Calendar = z.infer<typeof Calendar>;

/** Makes a business calendar. */
export const createCalendar = rpc('hitl.calendars.create.v1', {
  summary: 'Create a business calendar',
  access: administer,
  http: {
    method: 'POST',
    path: '/v1/hitl/calendars',
    status: 201,
    location: (calendar) => `/v1/hitl/calendars/${calendar.calendarId}`,
  },
  input: z.object({ name: text(200), timeZone, weekly: WeeklyHours, holidays: holidays.default([]) }),
  output: Calendar,
  errors: [],
});

/** Lists the calendars of a tenant, newest first. */
export const listCalendars = rpc('hitl.calendars.list.v1', {
  summary: 'List the business calendars',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/calendars' },
  input: z.object({ ...pageQuery }),
  output: page(Calendar),
  errors: ['cursor_invalid'],
});

/** Reads one calendar. */
export const getCalendar = rpc('hitl.calendars.get.v1', {
  summary: 'Read one business calendar',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/calendars/{calendarId}', etag: true },
  input: z.object({ calendarId: CalendarId }),
  output: Calendar,
  errors: ['calendar_not_found'],
});

/** Changes a calendar for the requests opened from now on; what is left out stays. */
export const updateCalendar = rpc('hitl.calendars.update.v1', {
  summary: 'Change a business calendar',
  access: administer,
  http: { method: 'PATCH', path: '/v1/hitl/calendars/{calendarId}', etag: true },
  input: z.object({
    calendarId: CalendarId,
    name: text(200).optional(),
    timeZone: timeZone.optional(),
    weekly: WeeklyHours.optional(),
    holidays: holidays.optional(),
    expectedVersion: z.number().int().positive().optional(),
  }),
  output: Calendar,
  errors: ['calendar_not_found', 'version_mismatch'],
});

/** Minutes within which a request is to be decided where a tenant has no policy of its own. */
export const defaultSlaMinutes = { critical: 5, high: 15, medium: 60, low: 240 } as const;

// 30 days: also with short business hours the deadline is found within a year.
const minutes = z.number().int().min(1).max(43_200);

/** Minutes within which a request is to be decided, by its priority. */
export const SlaMinutes = z
  .object({ critical: minutes, high: minutes, medium: minutes, low: minutes })
  .meta({ id: 'SlaMinutes' });
export type SlaMinutes = z.infer<typeof SlaMinutes>;

/** How fast a tenant’s requests are to be decided. The newest policy applies. */
export const SlaPolicy = z
  .object({
    policyId: PolicyId,
    tenantId: TenantId,
    name: z.string(),
    minutes: SlaMinutes,
    /** The calendar in whose hours the minutes are counted; null counts around the clock. */
    calendarId: CalendarId.nullable(),
    /** Whether this is the one that applies. */
    applies: z.boolean(),
    createdAt: Timestamp,
  })
  .meta({ id: 'SlaPolicy' });
export type SlaPolicy = z.infer<typeof SlaPolicy>;

/** Makes an SLA policy, which applies from now on. */
export const createSlaPolicy = rpc('hitl.sla-policies.create.v1', {
  summary: 'Create an SLA policy; it applies to the requests opened from now on',
  access: administer,
  http: {
    method: 'POST',
    path: '/v1/hitl/sla-policies',
    status: 201,
    location: (policy) => `/v1/hitl/sla-policies/${policy.policyId}`,
  },
  input: z.object({
    name: text(200),
    /** A priority that is left out has its default: 5, 15, 60 and 240 minutes. */
    minutes: SlaMinutes.partial().default({}),
    calendarId: CalendarId.optional(),
  }),
  output: SlaPolicy,
  errors: ['calendar_not_found'],
});

/** Lists the SLA policies of a tenant, newest first. */
export const listSlaPolicies = rpc('hitl.sla-policies.list.v1', {
  summary: 'List the SLA policies',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/sla-policies' },
  input: z.object({ ...pageQuery }),
  output: page(SlaPolicy),
  errors: ['cursor_invalid'],
});

/** Reads one SLA policy. */
export const getSlaPolicy = rpc('hitl.sla-policies.get.v1', {
  summary: 'Read one SLA policy',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/sla-policies/{policyId}' },
  input: z.object({ policyId: PolicyId }),
  output: SlaPolicy,
  errors: ['policy_not_found'],
});

/** Deletes an SLA policy; the one before it, or the default, applies again. */
export const deleteSlaPolicy = rpc('hitl.sla-policies.delete.v1', {
  summary: 'Delete an SLA policy',
  access: administer,
  http: { method: 'DELETE', path: '/v1/hitl/sla-policies/{policyId}', status: 204 },
  input: z.object({ policyId: PolicyId }),
  output: z.object({}),
  errors: ['policy_not_found'],
});

const ofCalendar = (data: { calendarId: string }) => `calendar:${data.calendarId}`;
const ofPolicy = (data: { policyId: string }) => `sla-policy:${data.policyId}`;

/** A calendar was made. */
export const calendarCreated = event('hitl.calendars.created.v1', {
  summary: 'A business calendar was created',
  data: z.object({ calendarId: CalendarId, name: z.string(), timeZone: z.string() }),
  resource: ofCalendar,
  audit: 'data_modified',
});

/** A calendar was changed. */
export const calendarUpdated = event('hitl.calendars.updated.v1', {
  summary: 'A business calendar was changed',
  data: z.object({ calendarId: CalendarId, name: z.string(), timeZone: z.string(), changed: z.array(z.string()) }),
  resource: ofCalendar,
  audit: 'data_modified',
});

/** Another SLA applies from now on. */
export const slaPolicyCreated = event('hitl.sla-policies.created.v1', {
  summary: 'An SLA policy was created',
  data: z.object({ policyId: PolicyId, name: z.string(), minutes: SlaMinutes, calendarId: CalendarId.nullable() }),
  resource: ofPolicy,
  audit: 'data_modified',
});

/** An SLA policy is gone. */
export const slaPolicyDeleted = event('hitl.sla-policies.deleted.v1', {
  summary: 'An SLA policy was deleted',
  data: z.object({ policyId: PolicyId, name: z.string() }),
  resource: ofPolicy,
  audit: 'data_modified',
});
