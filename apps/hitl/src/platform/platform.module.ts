import { Global, Module } from '@nestjs/common';
import { RequestTimers } from './request-timers.js';

const parts = [RequestTimers];

/** What every capability of hitl may use. */
@Global()
@Module({ providers: parts, exports: parts })
export class PlatformModule {}
