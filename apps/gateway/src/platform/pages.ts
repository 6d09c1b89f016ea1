import type { ReadStream } from 'node:fs';
import type { FastifyInstance } from 'fastify';

/** Something that is served under a fixed path to everybody. */
export interface Page {
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  body(): string | ReadStream;
}

/** Serves each page under its path. */
export function servePages(server: FastifyInstance, pages: readonly Page[]): void {
  for (const { path, status, headers, body } of pages) {
    server.get(path, (_request, reply) => reply.code(status).headers(headers).send(body()));
  }
}
