import { Module } from '@nestjs/common';
import { LimitsClient } from './limits.client.js';
import { LimitsService } from './limits.service.js';

@Module({ providers: [LimitsClient, LimitsService], exports: [LimitsService] })
export class LimitsModule {}
