import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { Answers } from '@support101/messaging';
import { CalendarsService } from './calendars.service.js';

/** Answers what is asked about business calendars. */
@Controller()
export class CalendarsHandlers {
  constructor(private readonly calendars: CalendarsService) {}

  @Answers(contract.createCalendar)
  create(input: InputOf<typeof contract.createCalendar>, caller: TenantCaller): Promise<contract.Calendar> {
    return this.calendars.create(input, caller);
  }

  @Answers(contract.listCalendars)
  list(input: InputOf<typeof contract.listCalendars>, caller: TenantCaller): Promise<OutputOf<typeof contract.listCalendars>> {
    return this.calendars.list(input, caller);
  }

  @Answers(contract.getCalendar)
  get({ calendarId }: InputOf<typeof contract.getCalendar>, caller: TenantCaller): Promise<contract.Calendar> {
    return this.calendars.get(calendarId, caller);
  }

  @Answers(contract.updateCalendar)
  update(input: InputOf<typeof contract.updateCalendar>, caller: TenantCaller): Promise<contract.Calendar> {
    return this.calendars.update(input, caller);
  }
}
