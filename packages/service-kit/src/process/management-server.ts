import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { HealthBoard } from '../health.js';
import { SettingsError } from '../settings.js';

/** The operator's door of a process, apart from the one for clients. */
export interface ManagementServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `GET /health/live` (the process answers), `/health/ready` (its parts do, too: 503 until then) and `/metrics`
 * (Prometheus text). Throws SettingsError when the port is taken.
 */
export async function openManagementServer(options: {
  host: string;
  port: number;
  health: HealthBoard;
  metrics: () => Promise<string>;
}): Promise<ManagementServer> {
  const pages: Record<string, (response: ServerResponse) => Promise<void>> = {
    '/health/live': async (response) => json(response, 200, { status: 'up' }),
    '/health/ready': async (response) => {
      const { ready, status, parts } = await options.health.report();
      json(response, ready ? 200 : 503, { status, parts });
    },
    '/metrics': async (response) => {
      const text = await options.metrics();
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
    },
  };
  const server = createServer((request, response) => {
    const page = request.method === 'GET' ? pages[(request.url ?? '').split('?')[0] ?? ''] : undefined;
    if (page === undefined) json(response, 404, { status: 'not found' });
    else page(response).catch((error: unknown) => json(response, 500, { status: 'failed', error: String(error) }));
  });
  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new SettingsError([`MANAGEMENT_PORT: ${error instanceof Error ? error.message : String(error)}`]);
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function json(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
