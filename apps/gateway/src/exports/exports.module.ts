import { Module } from '@nestjs/common';
import { RefusalsModule } from '../refusals/refusals.module.js';
import { RoutesModule } from '../routes/routes.module.js';
import { ExportsHandlers } from './exports.handlers.js';
import { ExportsService } from './exports.service.js';

@Module({ imports: [RefusalsModule, RoutesModule], providers: [ExportsService, ExportsHandlers] })
export class ExportsModule {}
