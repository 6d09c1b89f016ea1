import { Module } from '@nestjs/common';
import { TenantsModule } from '../tenants/tenants.module.js';
import { ApiKeysConsumers } from './api-keys.consumers.js';
import { ApiKeysHandlers } from './api-keys.handlers.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';

@Module({
  imports: [TenantsModule],
  controllers: [ApiKeysHandlers, ApiKeysConsumers],
  providers: [ApiKeysService, ApiKeysRepository],
})
export class ApiKeysModule {}
