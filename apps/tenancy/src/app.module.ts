import { Module } from '@nestjs/common';
import { registry } from '@support101/contracts/all';
import type { ServiceDefinition } from '@support101/service-kit';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { AuthenticationModule } from './authentication/authentication.module.js';
import { PlatformModule } from './platform/platform.module.js';
import { TenantsModule } from './tenants/tenants.module.js';

@Module({ imports: [PlatformModule, TenantsModule, ApiKeysModule, AuthenticationModule] })
class TenancyModule {}

/** Tenancy: tenants, their limits, and their API keys. */
export const tenancyService: ServiceDefinition = {
  name: 'tenancy',
  schema: 'tenancy',
  migrations: new URL('../prisma/migrations/', import.meta.url),
  module: TenancyModule,
  registry,
};
