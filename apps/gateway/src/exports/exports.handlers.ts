import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { serveExports } from '../platform/export-route.js';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import { RoutesService } from '../routes/routes.service.js';
import { ExportsService } from './exports.service.js';

/** Serves the exports among the contracts. */
@Injectable()
export class ExportsHandlers implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly routes: RoutesService,
    private readonly exports: ExportsService,
    @Inject(PARTS) private readonly parts: GatewayParts,
  ) {}

  onModuleInit(): void {
    const { registry, settings } = this.parts;
    serveExports(this.host.httpAdapter.getInstance<FastifyInstance>(), registry.rpcs, {
      admit: this.routes.admit.bind(this.routes),
      confirm: this.routes.confirm.bind(this.routes),
      open: this.exports.open.bind(this.exports),
      stalledMs: settings.stalledMs ?? 60_000,
    });
  }
}
