import { Module } from '@nestjs/common';
import { TenantsConsumers } from './tenants.consumers.js';
import { TenantsRepository } from './tenants.repository.js';
import { TenantsService } from './tenants.service.js';

@Module({ controllers: [TenantsConsumers], providers: [TenantsService, TenantsRepository] })
export class TenantsModule {}
