import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../authentication/authentication.module.js';
import { AuthorizationModule } from '../authorization/authorization.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { RefusalsModule } from '../refusals/refusals.module.js';
import { RoutesHandlers } from './routes.handlers.js';
import { RoutesService } from './routes.service.js';

@Module({
  imports: [AuthenticationModule, AuthorizationModule, LimitsModule, RefusalsModule],
  providers: [RoutesService, RoutesHandlers],
  exports: [RoutesService],
})
export class RoutesModule {}
