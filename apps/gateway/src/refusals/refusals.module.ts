import { Module } from '@nestjs/common';
import { RefusalsService } from './refusals.service.js';

@Module({ providers: [RefusalsService], exports: [RefusalsService] })
export class RefusalsModule {}
