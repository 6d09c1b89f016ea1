import { Global, Module } from '@nestjs/common';
import { TenancyDatabase } from './tenancy-database.js';

/** What every capability of tenancy may use. */
@Global()
@Module({ providers: [TenancyDatabase], exports: [TenancyDatabase] })
export class PlatformModule {}
