import { Global, Module } from '@nestjs/common';
import { HitlDatabase } from './hitl-database.js';
import { RequestTimers } from './request-timers.js';

const parts = [HitlDatabase, RequestTimers];

/** What every capability of hitl may use. */
@Global()
@Module({ providers: parts, exports: parts })
export class PlatformModule {}
