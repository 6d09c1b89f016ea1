import { Module, type DynamicModule } from '@nestjs/common';
import { EffectsModule } from '../effects/effects.module.js';
import { TicketsModule } from '../tickets/tickets.module.js';
import { KnowledgeClient } from './tools.client.js';
import { MODEL, ToolsService, type Model } from './tools.service.js';

@Module({})
export class ToolsModule {
  static with(model: Model): DynamicModule {
    const providers = [{ provide: MODEL, useValue: model }, KnowledgeClient, ToolsService];
    return { module: ToolsModule, global: true, imports: [EffectsModule, TicketsModule], providers, exports: [ToolsService] };
  }
}
