import { Module } from '@nestjs/common';
import { GraphConsumers } from './graph.consumers.js';
import { GraphCypherRepository } from './graph-cypher.repository.js';
import { GraphHandlers } from './graph.handlers.js';
import { GraphJobs } from './graph.jobs.js';
import { GraphProjection } from './graph-projection.service.js';
import { GraphProjectionsRepository } from './graph-projections.repository.js';
import { GraphRepository } from './graph.repository.js';
import { GraphService } from './graph.service.js';

@Module({
  controllers: [GraphHandlers, GraphConsumers],
  providers: [GraphService, GraphProjection, GraphRepository, GraphCypherRepository, GraphProjectionsRepository, GraphJobs],
  exports: [GraphService],
})
export class GraphModule {}
