import { Module } from '@nestjs/common';
import { GraphModule } from '../graph/graph.module.js';
import { PlaybooksConsumers } from './playbooks.consumers.js';
import { PlaybooksHandlers } from './playbooks.handlers.js';
import { PlaybooksRepository } from './playbooks.repository.js';
import { PlaybooksService } from './playbooks.service.js';

@Module({
  imports: [GraphModule],
  controllers: [PlaybooksHandlers, PlaybooksConsumers],
  providers: [PlaybooksService, PlaybooksRepository],
})
export class PlaybooksModule {}
