import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { servePages } from '../platform/pages.js';
import { DocumentsService } from './documents.service.js';

/** Serves `/openapi.json`, `/docs` and what it needs; `/` leads there. */
@Injectable()
export class DocumentsHandlers implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly documents: DocumentsService,
  ) {}

  onModuleInit(): void {
    servePages(this.host.httpAdapter.getInstance<FastifyInstance>(), this.documents.pages);
  }
}
