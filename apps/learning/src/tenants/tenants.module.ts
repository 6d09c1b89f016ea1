import { Module } from '@nestjs/common';
import { GraphModule } from '../graph/graph.module.js';
import { TenantsConsumers } from './tenants.consumers.js';
import { TenantsService } from './tenants.service.js';

@Module({ imports: [GraphModule], controllers: [TenantsConsumers], providers: [TenantsService] })
export class TenantsModule {}
