import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { InputOf } from '@support101/contracts';
import { watchRun, watchTenant } from '@support101/contracts/gateway';
import type { FastifyInstance } from 'fastify';
import { serveStream } from '../platform/stream-route.js';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import { RoutesService } from '../routes/routes.service.js';
import { frameOf, topicsOf } from './streams.rules.js';
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
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    const served = this.parts.registry.streams;
    if (served.includes(watchTenant)) {
      serveStream(server, watchTenant, this.routes, frameOf, (input, caller, lastId, listener) =>
        this.streams.tenant(caller, topicsOf((input as InputOf<typeof watchTenant>).topics), lastId, listener),
      );
    }
    if (served.includes(watchRun)) {
      serveStream(server, watchRun, this.routes, frameOf, (input, caller, lastId, listener) =>
        this.streams.run(caller, (input as InputOf<typeof watchRun>).runId, lastId, listener),
      );
    }
  }
}
