import { Module } from '@nestjs/common';
import { EffectsModule } from '../effects/effects.module.js';
import { TicketsRepository } from './tickets.repository.js';
import { TicketsService } from './tickets.service.js';

@Module({ imports: [EffectsModule], providers: [TicketsRepository, TicketsService], exports: [TicketsService] })
export class TicketsModule {}
