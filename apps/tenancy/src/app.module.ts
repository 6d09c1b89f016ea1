import { Module } from '@nestjs/common';
import { registry } from '@support101/contracts/all';
import type { ServiceDefinition } from '@support101/service-kit';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { AuthenticationModule } from './authentication/authentication.module.js';
import { PlatformModule } from './platform/platform.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { UsageModule } from './usage/usage.module.js';

@Module({ imports: [PlatformModule, TenantsModule, ApiKeysModule, AuthenticationModule, UsageModule] })
class TenancyModule {}

/** Tenancy: tenants, their API keys, their limits, and what they use. */
export const tenancyService: ServiceDefinition = {
  name: 'tenancy',
  schema: 'tenancy',
  migrations: new URL('../prisma/migrations/', import.meta.url),
  module: TenancyModule,
  registry,
};
