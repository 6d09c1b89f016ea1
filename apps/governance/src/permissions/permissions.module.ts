import { Module } from '@nestjs/common';
import { DecisionsModule } from '../decisions/decisions.module.js';
import { PermissionsHandlers } from './permissions.handlers.js';
import { PermissionsRepository } from './permissions.repository.js';
import { PermissionsService } from './permissions.service.js';

@Module({
  imports: [DecisionsModule],
  controllers: [PermissionsHandlers],
  providers: [PermissionsService, PermissionsRepository],
})
export class PermissionsModule {}
