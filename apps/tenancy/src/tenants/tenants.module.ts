import { Module } from '@nestjs/common';
import { TenantsHandlers } from './tenants.handlers.js';
import { TenantsRepository } from './tenants.repository.js';
import { TenantsService } from './tenants.service.js';

@Module({ controllers: [TenantsHandlers], providers: [TenantsService, TenantsRepository], exports: [TenantsService] })
export class TenantsModule {}
