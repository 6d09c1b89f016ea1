import { Module } from '@nestjs/common';
import { HealthHandlers } from './health.handlers.js';

@Module({ providers: [HealthHandlers] })
export class HealthModule {}
