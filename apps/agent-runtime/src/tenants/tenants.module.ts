import { Module } from '@nestjs/common';
import { TenantsConsumers } from './tenants.consumers.js';
import { TenantsService } from './tenants.service.js';

@Module({ controllers: [TenantsConsumers], providers: [TenantsService], exports: [TenantsService] })
export class TenantsModule {}
