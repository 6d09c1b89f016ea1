import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createHttpServer, type HttpOptions } from './http-server.js';

/**
 * Nest's Fastify adapter on our own HTTP server. Nest's path middleware is left out on purpose (encoded and absolute
 * paths have slipped past it); use Fastify hooks.
 */
export class GatewayHttpAdapter extends FastifyAdapter {
  constructor(options: HttpOptions) {
    super(createHttpServer(options) as never);
  }

  override init(): Promise<void> {
    return Promise.resolve();
  }

  // Nest sets its own handlers at the end of its start; ours are in place and stay.
  override setErrorHandler(): ReturnType<FastifyAdapter['setErrorHandler']> {
    return this.getInstance();
  }

  override setNotFoundHandler(): ReturnType<FastifyAdapter['setNotFoundHandler']> {
    return this.getInstance();
  }
}
