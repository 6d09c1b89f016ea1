import { Module } from '@nestjs/common';
import { GraphConsumers } from './graph.consumers.js';
import { GraphHandlers } from './graph.handlers.js';
import { GraphRepository } from './graph.repository.js';
import { GraphService } from './graph.service.js';

@Module({
  controllers: [GraphHandlers, GraphConsumers],
  providers: [GraphService, GraphRepository],
  exports: [GraphService],
})
export class GraphModule {}
