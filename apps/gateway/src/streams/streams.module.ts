import { Module } from '@nestjs/common';
import { RoutesModule } from '../routes/routes.module.js';
import { StreamsHandlers } from './streams.handlers.js';
import { StreamsTrailService } from './streams-trail.service.js';
import { StreamsService } from './streams.service.js';

@Module({ imports: [RoutesModule], providers: [StreamsTrailService, StreamsService, StreamsHandlers] })
export class StreamsModule {}
