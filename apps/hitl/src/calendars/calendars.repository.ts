import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { CalendarId } from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { rowsById } from '../platform/rows-by-id.js';
import type { BusinessHours } from './calendars.rules.js';

/** A business calendar’s row. */
export interface CalendarRow extends BusinessHours {
  readonly tenantId: TenantId;
  readonly calendarId: CalendarId;
  readonly name: string;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = `tenant_id as "tenantId", calendar_id as "calendarId", name, time_zone as "timeZone", weekly, holidays, version,
  created_at as "createdAt", updated_at as "updatedAt"`;

const rows = rowsById<CalendarRow, CalendarId>('calendars', 'calendar_id', columns);

/** Business calendars in the database. */
@Injectable()
export class CalendarsRepository {
  readonly find = rows.find;
  readonly findForUpdate = rows.findForUpdate;
  readonly list = rows.list;

  async insert(tx: Tx, calendar: Omit<CalendarRow, 'version' | 'updatedAt'>): Promise<CalendarRow> {
    const { tenantId, calendarId, name, timeZone, weekly, holidays, createdAt } = calendar;
    const [row] = await tx.query<CalendarRow>(
      `insert into calendars (tenant_id, calendar_id, name, time_zone, weekly, holidays, version, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, 1, $7, $7) returning ${columns}`,
      [tenantId, calendarId, name, timeZone, JSON.stringify(weekly), holidays, createdAt],
    );
    return row as CalendarRow;
  }

  /** Writes the calendar as its next version. */
  async save(tx: Tx, calendar: CalendarRow, at: Date): Promise<CalendarRow> {
    const { tenantId, calendarId, name, timeZone, weekly, holidays } = calendar;
    const [row] = await tx.query<CalendarRow>(
      `update calendars set name = $3, time_zone = $4, weekly = $5, holidays = $6, updated_at = $7, version = version + 1
       where tenant_id = $1 and calendar_id = $2 returning ${columns}`,
      [tenantId, calendarId, name, timeZone, JSON.stringify(weekly), holidays, at],
    );
    return row as CalendarRow;
  }
}
