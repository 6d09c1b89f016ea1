import { Injectable } from '@nestjs/common';
import { DomainError, type InputOf, type OutputOf, type TenantCaller, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, newId, pageOf, ServiceDatabase } from '@support101/service-kit';
import { checkVersion, edited } from '../platform/edits.js';
import { type CalendarRow, CalendarsRepository } from './calendars.repository.js';
import { afterOpenTime, checkedHours } from './calendars.rules.js';

/** Business calendars, and what they make of a number of minutes. */
@Injectable()
export class CalendarsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly calendars: CalendarsRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  create(input: InputOf<typeof contract.createCalendar>, caller: TenantCaller): Promise<contract.Calendar> {
    const { tenantId } = caller;
    const calendarId = newId('cal');
    const hours = checkedHours(input);
    return this.database.once(contract.createCalendar, input, caller, async (tx) => {
      const columns = { tenantId, calendarId, name: input.name, ...hours, createdAt: this.clock.now() };
      const row = await this.calendars.insert(tx, columns);
      await this.outbox.record(tx, contract.calendarCreated, factOf(row), caller);
      return toCalendar(row);
    });
  }

  async get(calendarId: contract.CalendarId, { tenantId }: TenantCaller): Promise<contract.Calendar> {
    return toCalendar(await this.database.forTenant(tenantId, (tx) => this.require(tx, tenantId, calendarId)));
  }

  list(
    { cursor, limit }: InputOf<typeof contract.listCalendars>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listCalendars>> {
    const before = keyOfCursor(contract.CalendarId, cursor);
    return this.database.forTenant(tenantId, async (tx) => {
      const rows = await this.calendars.list(tx, tenantId, before, limit + 1);
      return pageOf(rows, limit, ({ calendarId }) => calendarId, toCalendar);
    });
  }

  update(input: InputOf<typeof contract.updateCalendar>, caller: TenantCaller): Promise<contract.Calendar> {
    const { tenantId } = caller;
    return this.database.forTenant(tenantId, async (tx) => {
      const row = found(await this.calendars.findForUpdate(tx, tenantId, input.calendarId));
      checkVersion(row.version, input.expectedVersion);
      const { after, changed } = edited(row, input, ['name', 'timeZone', 'weekly', 'holidays']);
      if (changed.length === 0) return toCalendar(row);
      const saved = await this.calendars.save(tx, { ...after, ...checkedHours(after) }, this.clock.now());
      await this.outbox.record(tx, contract.calendarUpdated, { ...factOf(saved), changed }, caller);
      return toCalendar(saved);
    });
  }

  /** The calendar's row, or `calendar_not_found`. */
  async require(tx: Tx, tenantId: TenantId, calendarId: contract.CalendarId): Promise<CalendarRow> {
    return found(await this.calendars.find(tx, tenantId, calendarId));
  }

  /** When that many milliseconds have passed: of the calendar's business hours, or around the clock without one. */
  async after(
    tx: Tx,
    tenantId: TenantId,
    calendarId: contract.CalendarId | null,
    from: Date,
    ms: readonly number[],
  ): Promise<Date[]> {
    if (calendarId === null) return ms.map((each) => new Date(from.getTime() + each));
    const hours = await this.require(tx, tenantId, calendarId);
    return ms.map((each) => afterOpenTime(hours, from, each));
  }
}

function found(row: CalendarRow | undefined): CalendarRow {
  if (row === undefined) throw new DomainError('calendar_not_found');
  return row;
}

function factOf({ calendarId, name, timeZone }: CalendarRow) {
  return { calendarId, name, timeZone };
}

function toCalendar(row: CalendarRow): contract.Calendar {
  return {
    ...row,
    holidays: [...row.holidays],
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
