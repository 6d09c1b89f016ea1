import { Module } from '@nestjs/common';
import { IntakeModule } from '../intake/intake.module.js';
import { EscalationsHandlers } from './escalations.handlers.js';
import { EscalationsService } from './escalations.service.js';

@Module({ imports: [IntakeModule], controllers: [EscalationsHandlers], providers: [EscalationsService] })
export class EscalationsModule {}
