import { Module } from '@nestjs/common';
import { CalendarsHandlers } from './calendars.handlers.js';
import { CalendarsRepository } from './calendars.repository.js';
import { CalendarsService } from './calendars.service.js';

@Module({ controllers: [CalendarsHandlers], providers: [CalendarsService, CalendarsRepository], exports: [CalendarsService] })
export class CalendarsModule {}
