import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import type { OpenApiDocument } from '@support101/contracts/derive';
import { HealthBoard, createLog } from '@support101/service-kit';
import { InProcessTransport } from '@support101/messaging';
import { createGateway } from '../src/app.module.js';
import { registry } from './demo-contracts.js';
import { GatewayFixture } from './gateway-fixture.js';

let gateway: GatewayFixture;

beforeAll(async () => {
  gateway = await GatewayFixture.start();
});
afterAll(() => gateway.close());

describe('documents', () => {
  it('serves the OpenAPI document of the contracts it routes', async () => {
    const response = await gateway.fetch('/openapi.json');

    const document = (await response.json()) as OpenApiDocument;
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toHaveLength(new Set(registry.rpcs.map(({ http }) => http?.path)).size);
  });

  it('serves the reference page, whose policy lets it load from here only', async () => {
    const response = await gateway.fetch('/docs');

    const page = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(page.match(/(?:src|href)="[^"]*"/g)).toEqual(['href="data:,"', 'href="/openapi.json"', 'src="/docs/reference.js"']);
  });

  it('serves the page’s script', async () => {
    const response = await gateway.fetch('/docs/reference.js');

    const script = await response.text();
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.length).toBeGreaterThan(1_000_000);
  });

  it('leads from / to the reference', async () => {
    const response = await gateway.fetch('/');

    expect([response.status, response.headers.get('location')]).toEqual([302, '/docs']);
  });

  it('refuses other methods', async () => {
    const response = await gateway.fetch('/docs', { method: 'POST' });

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });
});

describe('health', () => {
  it('lives, and is ready with its parts', async () => {
    gateway.health.register('database', () => ({ part: 'database', using: 'embedded', state: 'degraded' }));

    const [live, ready] = [await gateway.fetch('/health/live'), await gateway.fetch('/health/ready')];

    expect([live.status, await live.json()]).toEqual([200, { status: 'up' }]);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      {
        status: 'degraded',
        parts: [
          { part: 'limits', using: 'in process', state: 'degraded', hint: expect.stringContaining('REDIS_URL') },
          { part: 'database', using: 'embedded', state: 'degraded' },
        ],
      },
    ]);
  });

  it('is not ready while a part is down', async () => {
    gateway.health.register('bus', () => {
      throw new Error('gone');
    });

    const ready = await gateway.fetch('/health/ready');

    expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([503, 'down']);
  });
});

describe('listening', () => {
  it('says when the port is taken, and listens on another then', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const transport = new InProcessTransport();
    const log = createLog({ name: 'gateway', level: 'silent' });
    const other = await createGateway({ transport, registry, health: new HealthBoard(), log, settings: {} });

    const first = other.listen(port, '127.0.0.1');
    await expect(first).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await other.listen(0, '127.0.0.1');
    const response = await fetch(`${other.url}/health/live`);

    expect(response.status).toBe(200);
    await other.close();
    await transport.close();
    await new Promise((resolve) => taken.close(resolve));
  });

  it('cuts off what takes too long when it closes', async () => {
    const closing = await GatewayFixture.start({ drainMs: 100 });
    closing.health.register('stuck', () => new Promise(() => undefined));

    const outcome = closing.fetch('/health/ready').then(() => 'answered', String);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await closing.close();

    expect(await outcome).toContain('fetch failed');
  });

  it('answers what is under way before it closes', async () => {
    const closing = await GatewayFixture.start();
    closing.health.register('slow', async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { part: 'slow', using: 'x', state: 'up' };
    });

    const response = closing.fetch('/health/ready');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await closing.close();

    expect((await response).status).toBe(200);
    await expect(closing.fetch('/health/live')).rejects.toThrow('fetch failed');
  });
});
