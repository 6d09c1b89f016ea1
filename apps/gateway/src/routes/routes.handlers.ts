import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { serveContracts } from '../platform/contract-route.js';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import { RoutesService } from './routes.service.js';

/** Serves every command that has a route. */
@Injectable()
export class RoutesHandlers implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly routes: RoutesService,
    @Inject(PARTS) private readonly parts: GatewayParts,
  ) {}

  async onModuleInit(): Promise<void> {
    await serveContracts(this.host.httpAdapter.getInstance<FastifyInstance>(), this.parts.registry.rpcs, this.routes);
  }
}
