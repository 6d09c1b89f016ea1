import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { HealthBoard } from '@support101/service-kit';
import type { FastifyInstance } from 'fastify';

/** Serves `/health/live` (the process answers) and `/health/ready` (its parts do, too: 503 until then). */
@Injectable()
export class HealthHandlers implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly board: HealthBoard,
  ) {}

  onModuleInit(): void {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    server.get('/health/live', (_request, reply) => reply.send({ status: 'up' }));
    server.get('/health/ready', async (_request, reply) => {
      const { ready, status, parts } = await this.board.report();
      return reply.code(ready ? 200 : 503).send({ status, parts });
    });
  }
}
