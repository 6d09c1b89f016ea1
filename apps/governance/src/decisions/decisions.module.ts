import { Module } from '@nestjs/common';
import { DecisionsConsumers } from './decisions.consumers.js';
import { DecisionsHandlers } from './decisions.handlers.js';
import { DecisionsRepository } from './decisions.repository.js';
import { DecisionsService } from './decisions.service.js';

@Module({
  controllers: [DecisionsHandlers, DecisionsConsumers],
  providers: [DecisionsService, DecisionsRepository],
  exports: [DecisionsService],
})
export class DecisionsModule {}
