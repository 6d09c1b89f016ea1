import { Global, Module } from '@nestjs/common';
import { Notices } from './notices.js';
import { RunQueue } from './run-queue.js';
import { RuntimeDatabase } from './runtime-database.js';

const parts = [Notices, RunQueue, RuntimeDatabase];

/** What every capability of agent-runtime may use. */
@Global()
@Module({ providers: parts, exports: parts })
export class PlatformModule {}
