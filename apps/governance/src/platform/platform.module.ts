import { Global, Module } from '@nestjs/common';
import { GovernanceDatabase } from './governance-database.js';

/** What every capability of governance may use. */
@Global()
@Module({ providers: [GovernanceDatabase], exports: [GovernanceDatabase] })
export class PlatformModule {}
