import { Module } from '@nestjs/common';
import { EscalationsService } from './escalations.service.js';

@Module({ providers: [EscalationsService], exports: [EscalationsService] })
export class EscalationsModule {}
