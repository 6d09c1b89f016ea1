import { Module, type DynamicModule } from '@nestjs/common';
import type { Blueprint } from '@support101/agent-kit';
import { TenantsModule } from '../tenants/tenants.module.js';
import { BlueprintsHandlers } from './blueprints.handlers.js';
import { BLUEPRINTS, BlueprintsService } from './blueprints.service.js';

@Module({})
export class BlueprintsModule {
  /** Global: agents, runs and the execution all look blueprints up. */
  static with(blueprints: readonly Blueprint[]): DynamicModule {
    return {
      module: BlueprintsModule,
      global: true,
      imports: [TenantsModule],
      controllers: [BlueprintsHandlers],
      providers: [{ provide: BLUEPRINTS, useValue: blueprints }, BlueprintsService],
      exports: [BlueprintsService],
    };
  }
}
