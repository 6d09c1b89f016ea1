import { DomainError } from '@support101/contracts';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problems.js';

/** Notes every route that is registered from now on; `close` then answers OPTIONS and all methods they do not have. */
export function otherMethods(server: FastifyInstance): { close(): void } {
  const routes = new Map<string, { url: string; methods: Set<string> }>();
  let closed = false;
  server.addHook('onRoute', ({ url, method }) => {
    if (closed) return;
    // Paths that differ in the names of their parameters are the same to the router.
    const shape = url.replaceAll(/:[a-zA-Z]+/g, ':');
    const route = routes.get(shape) ?? { url, methods: new Set<string>() };
    for (const name of [method].flat()) route.methods.add(name);
    routes.set(shape, route);
  });
  return {
    close: () => {
      closed = true;
      for (const { url, methods } of routes.values()) refuseOthers(server, url, [...methods, 'OPTIONS']);
    },
  };
}

function refuseOthers(server: FastifyInstance, url: string, methods: readonly string[]): void {
  const allow = methods.toSorted().join(', ');
  server.route({
    method: 'OPTIONS',
    url,
    onRequest: async (_request, reply) => reply.code(204).header('allow', allow).send(),
    handler: never,
  });
  server.route({
    method: server.supportedMethods.filter((method) => !methods.includes(method)),
    url,
    // Answered before a body is read.
    onRequest: async (_request, reply) => sendProblem(reply.header('allow', allow), new DomainError('method_not_allowed')),
    handler: never,
  });
}

function never(): never {
  throw new Error('answered before');
}
