import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { serveStreams } from '../platform/stream-route.js';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import { RoutesService } from '../routes/routes.service.js';
import { frameOf } from './streams.rules.js';
import { StreamsService } from './streams.service.js';

/** Serves the streams among the contracts. */
@Injectable()
export class StreamsHandlers implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly routes: RoutesService,
    private readonly streams: StreamsService,
    @Inject(PARTS) private readonly parts: GatewayParts,
  ) {}

  onModuleInit(): void {
    serveStreams(this.host.httpAdapter.getInstance<FastifyInstance>(), this.parts.registry.streams, {
      admit: this.routes.admit.bind(this.routes),
      confirm: this.routes.confirm.bind(this.routes),
      heartbeatMs: this.parts.settings.heartbeatMs ?? 15_000,
      frameOf,
      open: this.streams.open.bind(this.streams),
    });
  }
}
