import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { CalendarId } from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
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

/** Business calendars in the database. */
@Injectable()
export class CalendarsRepository {
  async insert(tx: Tx, calendar: Omit<CalendarRow, 'version' | 'updatedAt'>): Promise<CalendarRow> {
    const { tenantId, calendarId, name, timeZone, weekly, holidays, createdAt } = calendar;
    const [row] = await tx.query<CalendarRow>(
      `insert into calendars (tenant_id, calendar_id, name, time_zone, weekly, holidays, version, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, 1, $7, $7) returning ${columns}`,
      [tenantId, calendarId, name, timeZone, JSON.stringify(weekly), holidays, createdAt],
    );
    return row as CalendarRow;
  }

  async find(tx: Tx, tenantId: TenantId, calendarId: CalendarId): Promise<CalendarRow | undefined> {
    const text = `select ${columns} from calendars where tenant_id = $1 and calendar_id = $2`;
    const [row] = await tx.query<CalendarRow>(text, [tenantId, calendarId], 'calendars-find');
    return row;
  }

  async findForUpdate(tx: Tx, tenantId: TenantId, calendarId: CalendarId): Promise<CalendarRow | undefined> {
    const text = `select ${columns} from calendars where tenant_id = $1 and calendar_id = $2 for update`;
    const [row] = await tx.query<CalendarRow>(text, [tenantId, calendarId], 'calendars-hold');
    return row;
  }

  /** Newest first: ids sort by creation time. */
  async list(tx: Tx, tenantId: TenantId, before: CalendarId | undefined, limit: number): Promise<CalendarRow[]> {
    return tx.query<CalendarRow>(
      `select ${columns} from calendars where tenant_id = $1 and ($2::text is null or calendar_id < $2)
       order by calendar_id desc limit $3`,
      [tenantId, before ?? null, limit],
    );
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
