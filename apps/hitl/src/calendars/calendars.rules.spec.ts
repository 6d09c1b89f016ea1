import { describe, expect, it } from '@jest/globals';
import type { WeeklyHours } from '@support101/contracts/hitl';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { afterOpenTime, type BusinessHours, checkedHours, longestSearchDays } from './calendars.rules.js';

const hour = 3_600_000;
const minute = 60_000;
const quarter = 15 * minute;
const nineToFive = [{ from: '09:00', to: '17:00' }];
const workdays: WeeklyHours = {
  ...{ monday: nineToFive, tuesday: nineToFive, wednesday: nineToFive, thursday: nineToFive, friday: nineToFive },
};
const always = [{ from: '00:00', to: '24:00' }];
const week = (each: WeeklyHours['monday']): WeeklyHours => ({
  ...{ monday: each, tuesday: each, wednesday: each, thursday: each, friday: each, saturday: each, sunday: each },
});
const berlin: BusinessHours = { timeZone: 'Europe/Berlin', weekly: workdays, holidays: [] };
const deadline = (hours: BusinessHours, from: string, ms: number) => afterOpenTime(hours, new Date(from), ms).toISOString();

describe('business time', () => {
  it.each([
    ['passes while it is open', '2026-01-05T09:00:00Z', hour, '2026-01-05T10:00:00.000Z'],
    ['ends with the closing time to the millisecond', '2026-01-05T15:00:00Z', hour, '2026-01-05T16:00:00.000Z'],
    ['goes on the next morning', '2026-01-05T15:30:00Z', hour, '2026-01-06T08:30:00.000Z'],
    ['begins in the morning when it came at night', '2026-01-05T01:00:00Z', hour, '2026-01-05T09:00:00.000Z'],
    ['leaves out the weekend', '2026-01-09T15:30:00Z', hour, '2026-01-12T08:30:00.000Z'],
    ['takes days for many hours', '2026-01-05T08:00:00Z', 20 * hour, '2026-01-07T12:00:00.000Z'],
  ])('%s', (_what, from, ms, expected) => {
    expect(deadline(berlin, from, ms)).toBe(expected);
  });

  it('leaves out holidays', () => {
    const hours = { ...berlin, holidays: ['2026-01-06', '2026-01-07'] };

    expect(deadline(hours, '2026-01-05T15:30:00Z', hour)).toBe('2026-01-08T08:30:00.000Z');
  });

  it('counts several openings of a day', () => {
    const hours = {
      ...berlin,
      weekly: {
        monday: [
          { from: '14:00', to: '16:00' },
          { from: '09:00', to: '10:00' },
        ],
      },
    };

    expect(deadline(hours, '2026-01-05T07:00:00Z', 2 * hour)).toBe('2026-01-05T14:00:00.000Z');
  });

  it('opens by the wall clock, before and after the clock is changed', () => {
    expect(deadline(berlin, '2026-03-27T15:30:00Z', hour)).toBe('2026-03-30T07:30:00.000Z');
    expect(deadline(berlin, '2026-10-23T14:30:00Z', hour)).toBe('2026-10-26T08:30:00.000Z');
  });

  it.each([
    ['23 hours when it is set forward', '2026-03-28T23:00:00Z', 23 * hour, '2026-03-29T22:00:00.000Z'],
    ['25 hours when it is set back', '2026-10-24T22:00:00Z', 25 * hour, '2026-10-25T23:00:00.000Z'],
  ])('of a whole day are %s', (_what, from, ms, expected) => {
    const sundays = { ...berlin, weekly: { sunday: always } };

    expect(deadline(sundays, from, ms)).toBe(expected);
    expect(deadline(sundays, from, ms + minute) > expected).toBe(true);
  });

  it('has no hour that the clock leaves out, and has one that it repeats only once if it ends within', () => {
    const night = { ...berlin, weekly: { sunday: [{ from: '02:00', to: '03:00' }], monday: nineToFive } };

    expect(deadline(night, '2026-03-28T23:00:00Z', minute)).toBe('2026-03-30T07:01:00.000Z');
    expect(deadline(night, '2026-10-24T22:00:00Z', 2 * hour)).toBe('2026-10-25T02:00:00.000Z');
  });

  it('knows zones that change by half an hour, and days that never were', () => {
    const lordHowe = { timeZone: 'Australia/Lord_Howe', weekly: week(always), holidays: [] };
    const apia = { timeZone: 'Pacific/Apia', weekly: week(nineToFive), holidays: [] };

    expect(deadline(lordHowe, '2026-04-04T13:00:00Z', 24 * hour)).toBe('2026-04-05T13:00:00.000Z');
    // There was no 30th of December 2011: the 31st follows the 29th and has its eight hours once.
    expect(deadline(apia, '2011-12-29T19:00:00Z', 16 * hour)).toBe('2011-12-31T03:00:00.000Z');
  });

  it('is given up after a year of too few hours', () => {
    const rare = { ...berlin, weekly: { monday: [{ from: '09:00', to: '09:01' }] } };
    const from = new Date('2026-01-05T09:00:00Z');

    expect(afterOpenTime(rare, from, 43_200 * minute).getTime()).toBe(from.getTime() + longestSearchDays * 24 * hour);
  });
});

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Africa/Casablanca',
  'America/Santiago',
];
const clock = (minutes: number) =>
  minutes === 1440 ? '24:00' : `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
const anyDay = fc
  .uniqueArray(fc.integer({ min: 0, max: 96 }), { maxLength: 6 })
  .map((quarters) => quarters.toSorted((a, b) => a - b))
  .map((quarters) =>
    Array.from({ length: Math.floor(quarters.length / 2) }, (_, index) => ({
      from: clock((quarters[2 * index] ?? 0) * 15),
      to: clock((quarters[2 * index + 1] ?? 0) * 15),
    })),
  );
const anyHours: fc.Arbitrary<BusinessHours> = fc.record({
  timeZone: fc.constantFrom(...zones),
  weekly: fc.record({
    ...{ monday: anyDay, tuesday: anyDay, wednesday: anyDay, thursday: anyDay, friday: anyDay, saturday: anyDay },
    sunday: fc.constant([{ from: '01:00', to: '04:00' }]),
  }),
  holidays: fc.subarray(['2026-03-29', '2026-03-30', '2026-10-25', '2026-11-01']),
});
/** Weeks around changes of the clock. */
const anyStart = fc
  .tuple(
    fc.constantFrom('2026-03-06', '2026-03-27', '2026-04-03', '2026-10-23', '2026-10-30'),
    fc.integer({ min: 0, max: 4 * 1440 }),
  )
  .map(([day, offset]) => new Date(Date.parse(`${day}T00:00:00Z`) + offset * quarter));
const anySpan = fc.integer({ min: 1, max: 3 * 96 }).map((quarters) => quarters * quarter);

/** Whether it is open in the quarter of an hour that begins now: reads the wall clock, counts nothing. */
function isOpenAt(hours: BusinessHours, at: number): boolean {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(hours.timeZone);
  if (hours.holidays.includes(local.toPlainDate().toString())) return false;
  const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
  const now = clock(local.hour * 60 + local.minute);
  const openings = hours.weekly[days[local.dayOfWeek - 1] ?? 'monday'] ?? [];
  return openings.some(({ from, to }) => from <= now && now < to);
}

describe('for any hours around changes of the clock', () => {
  it('the deadline is as much open time away as asked for, and is at the end of an open one', () => {
    // Openings that begin or end within the repeated hour are told apart by more than the wall clock.
    const plain = anyHours.filter(({ weekly }) => (weekly.saturday ?? []).length === 0);
    const wholeHours = plain.map((hours) => ({
      ...hours,
      weekly: { ...hours.weekly, sunday: [{ from: '05:00', to: '09:00' }] },
    }));
    fc.assert(
      fc.property(wholeHours, anyStart, anySpan, (hours, from, ms) => {
        const end = afterOpenTime(hours, from, ms).getTime();

        let open = 0;
        for (let at = from.getTime(); at < end; at += quarter) open += isOpenAt(hours, at) ? quarter : 0;
        expect(open).toBe(ms);
        expect(isOpenAt(hours, end - quarter)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('two spans after each other are one span of both', () => {
    fc.assert(
      fc.property(anyHours, anyStart, anySpan, anySpan, (hours, from, one, other) => {
        const once = afterOpenTime(hours, from, one + other);
        const twice = afterOpenTime(hours, afterOpenTime(hours, from, one), other);

        expect(twice).toEqual(once);
      }),
    );
  });

  it('who asks for more, or comes later, never has an earlier deadline', () => {
    fc.assert(
      fc.property(anyHours, anyStart, anySpan, fc.integer({ min: 0, max: 400 }), (hours, from, ms, more) => {
        const later = new Date(from.getTime() + more * quarter);

        expect(afterOpenTime(hours, from, ms + more * quarter) >= afterOpenTime(hours, from, ms)).toBe(true);
        expect(afterOpenTime(hours, later, ms) >= afterOpenTime(hours, from, ms)).toBe(true);
      }),
    );
  });

  it('around the clock it is time as it passes, whatever the clocks do', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), anyStart, anySpan, (timeZone, from, ms) => {
        const hours = { timeZone, weekly: week(always), holidays: [] };

        expect(afterOpenTime(hours, from, ms)).toEqual(new Date(from.getTime() + ms));
      }),
    );
  });
});

describe('hours', () => {
  it('are kept in order', () => {
    const monday = [
      { from: '14:00', to: '16:00' },
      { from: '09:00', to: '14:00' },
    ];

    expect(
      checkedHours({ timeZone: 'UTC', weekly: { monday, sunday: [] }, holidays: ['2026-12-26', '2026-12-25', '2026-12-26'] }),
    ).toEqual({
      timeZone: 'UTC',
      weekly: { monday: [monday[1], monday[0]] },
      holidays: ['2026-12-25', '2026-12-26'],
    });
  });

  it.each([
    ['a zone there is not', { ...berlin, timeZone: 'Europe/Atlantis' }, '/timeZone'],
    ['an offset for a zone', { ...berlin, timeZone: '+05:00' }, '/timeZone'],
    ['a timestamp for a zone', { ...berlin, timeZone: '2026-01-01T00:00[Europe/Berlin]' }, '/timeZone'],
    ['no opening', { ...berlin, weekly: { monday: [] } }, '/weekly'],
    ['an end before the beginning', { ...berlin, weekly: { monday: [{ from: '17:00', to: '09:00' }] } }, '/weekly/monday'],
    [
      'overlapping openings',
      { ...berlin, weekly: { friday: [...nineToFive, { from: '16:59', to: '18:00' }] } },
      '/weekly/friday',
    ],
  ])('with %s are refused', (_what, hours, path) => {
    expect(() => checkedHours(hours)).toThrow(
      expect.objectContaining({ code: 'validation_failed', issues: [expect.objectContaining({ path })] }),
    );
  });
});
