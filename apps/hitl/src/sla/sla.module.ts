import { Module } from '@nestjs/common';
import { CalendarsModule } from '../calendars/calendars.module.js';
import { SlaHandlers } from './sla.handlers.js';
import { SlaRepository } from './sla.repository.js';
import { SlaService } from './sla.service.js';

@Module({ imports: [CalendarsModule], controllers: [SlaHandlers], providers: [SlaService, SlaRepository], exports: [SlaService] })
export class SlaModule {}
