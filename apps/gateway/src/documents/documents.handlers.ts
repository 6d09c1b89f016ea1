import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { pagePolicy } from './documents.rules.js';
import { DocumentsService } from './documents.service.js';

/** Serves `/openapi.json`, `/docs` and what it needs; `/` leads there. */
@Injectable()
export class DocumentsHandlers implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly documents: DocumentsService,
  ) {}

  onModuleInit(): void {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    server.get('/', (_request, reply) => reply.redirect('/docs', 302));
    server.get('/openapi.json', (_request, reply) =>
      reply.header('content-type', 'application/json; charset=utf-8').send(this.documents.openapi()),
    );
    server.get('/docs', (_request, reply) =>
      reply
        .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': pagePolicy })
        .send(this.documents.page),
    );
    server.get('/docs/reference.js', (_request, reply) =>
      reply
        .headers({ 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'public, max-age=86400' })
        .send(this.documents.script()),
    );
  }
}
