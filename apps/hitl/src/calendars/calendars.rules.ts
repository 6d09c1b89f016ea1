import { DomainError, type Issue } from '@support101/contracts';
import { type OpeningHours, type WeeklyHours, weekdays } from '@support101/contracts/hitl';
import { Temporal } from 'temporal-polyfill';

/** When somebody is there: an ordinary week on the wall clock of a time zone, without the holidays (YYYY-MM-DD). */
export interface BusinessHours {
  readonly timeZone: string;
  readonly weekly: WeeklyHours;
  readonly holidays: readonly string[];
}

/** Deadlines are looked for this far ahead; where the hours are too few, the deadline is then. */
export const longestSearchDays = 366;

const dayMs = 24 * 60 * 60 * 1000;
// Offsets and whole timestamps are time zones to the library as well; people mean names.
const zoneName = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

/**
 * The moment at which `openMs` milliseconds of business hours have passed since `from`. Hours are read on the wall clock,
 * time is counted as it passes: the day on which the clock is set forward has an hour less.
 */
export function afterOpenTime(hours: BusinessHours, from: Date, openMs: number): Date {
  const { timeZone } = hours;
  const holidays = new Set(hours.holidays);
  const first = Temporal.Instant.fromEpochMilliseconds(from.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
  let left = openMs;
  // Never counts a moment twice, also where a time zone left out a whole day.
  let counted = from.getTime();
  for (let day = 0; day <= longestSearchDays; day += 1) {
    const date = first.add({ days: day });
    if (holidays.has(date.toString())) continue;
    for (const opening of openingsOn(hours.weekly, date)) {
      const opens = Math.max(counted, moment(date, opening.from, timeZone));
      const closes = moment(date, opening.to, timeZone);
      if (closes <= opens) continue;
      if (left <= closes - opens) return new Date(opens + left);
      left -= closes - opens;
      counted = closes;
    }
  }
  return new Date(from.getTime() + longestSearchDays * dayMs);
}

/** The hours with each day's openings and the holidays in order; throws `validation_failed` when they make no sense. */
export function checkedHours(hours: BusinessHours): { timeZone: string; weekly: WeeklyHours; holidays: string[] } {
  const issues = [...zoneIssues(hours.timeZone), ...weekdays.flatMap((day) => openingIssues(day, hours.weekly[day] ?? []))];
  if (issues.length === 0 && weekdays.every((day) => (hours.weekly[day] ?? []).length === 0)) {
    issues.push({ path: '/weekly', message: 'must be open at some time of the week' });
  }
  const [first] = issues;
  if (first !== undefined) throw new DomainError('validation_failed', `${first.path}: ${first.message}`, { issues });
  const weekly = Object.fromEntries(
    weekdays.flatMap((day) => {
      const openings = sorted(hours.weekly[day] ?? []);
      return openings.length === 0 ? [] : [[day, openings]];
    }),
  );
  return { timeZone: hours.timeZone, weekly, holidays: [...new Set(hours.holidays)].sort() };
}

function openingsOn(weekly: WeeklyHours, date: Temporal.PlainDate): OpeningHours[] {
  const day = weekdays[date.dayOfWeek - 1];
  return day === undefined ? [] : sorted(weekly[day] ?? []);
}

function sorted(openings: readonly OpeningHours[]): OpeningHours[] {
  return openings.toSorted((a, b) => (a.from < b.from ? -1 : 1));
}

/** In milliseconds since 1970. A time that the clock leaves out is the same time after the gap, one it repeats the first. */
function moment(date: Temporal.PlainDate, time: string, timeZone: string): number {
  const [day, plainTime] = time === '24:00' ? [date.add({ days: 1 }), '00:00'] : [date, time];
  const local = day.toPlainDateTime(Temporal.PlainTime.from(plainTime));
  return local.toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds;
}

function zoneIssues(timeZone: string): Issue[] {
  const issue = { path: '/timeZone', message: 'must be an IANA time zone, for example Europe/Berlin' };
  if (!zoneName.test(timeZone)) return [issue];
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
    return [];
  } catch {
    return [issue];
  }
}

function openingIssues(day: string, openings: readonly OpeningHours[]): Issue[] {
  const path = `/weekly/${day}`;
  const inOrder = sorted(openings);
  return inOrder.flatMap(({ from, to }, index) => {
    if (from >= to) return [{ path, message: `${from} is not before ${to}; hours past midnight are two openings` }];
    const next = inOrder[index + 1];
    return next !== undefined && next.from < to ? [{ path, message: `${next.from} lies within ${from} to ${to}` }] : [];
  });
}
