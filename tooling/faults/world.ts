import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineKind, LocalEngine, ProductProcesses } from '@support101/testing';
import { Customer, type Door } from './customer.ts';
import { assistedRun } from './load.ts';
import { ApiClient } from '../../test/api-client.ts';

const recoverMs = 90_000;
const lookMs = 50;

/** The product on engines of its own, all of which can be killed. */
export class World {
  readonly engines: Readonly<Record<EngineKind, LocalEngine>>;
  readonly product: ProductProcesses;
  readonly door: Door;
  readonly folder: string;
  /** Services that ended though nobody had killed them, with what they said last. */
  readonly fallen: string[] = [];
  #canary: Customer | undefined;

  private constructor(folder: string, engines: World['engines'], product: ProductProcesses, platformKey: string) {
    this.folder = folder;
    this.engines = engines;
    this.product = product;
    this.door = { urls: product.urls, platformKey };
  }

  static async start(root: URL, replicas: number): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 's101-faults-'));
    // Postgres runs under an account of its own.
    chmodSync(folder, 0o755);
    const started: LocalEngine[] = [];
    const open = async (kind: EngineKind) => {
      started.push(await LocalEngine.startProgram(kind, join(folder, kind)));
      return started.at(-1) as LocalEngine;
    };
    const platformKey = randomBytes(24).toString('base64url');
    try {
      const engines = { postgres: await open('postgres'), nats: await open('nats'), redis: await open('redis') };
      const environment = {
        DATABASE_URL: engines.postgres.url,
        NATS_URL: engines.nats.url,
        REDIS_URL: engines.redis.url,
        SUPPORT101_PLATFORM_KEY: platformKey,
        SUPPORT101_SECRETS_KEY: randomBytes(32).toString('base64'),
      };
      return new World(folder, engines, await ProductProcesses.start({ root, environment, replicas }), platformKey);
    } catch (error) {
      await Promise.all(started.map((engine) => engine.stop()));
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.product.stop();
    await Promise.all(Object.values(this.engines).map((engine) => engine.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Empties Redis. */
  async wipeRedis(): Promise<void> {
    const { hostname, port } = new URL(this.engines.redis.url);
    const socket = connect(Number(port), hostname);
    socket.write('FLUSHALL\r\n');
    await once(socket, 'data');
    socket.destroy();
  }

  /** Milliseconds until every process says that it is ready and a run has gone its whole way. Throws after a while. */
  async recovered(): Promise<number> {
    const begun = performance.now();
    for (;;) {
      const unwell = await this.#unwell();
      if (unwell.length === 0) {
        this.#canary ??= await Customer.open(this.door, 'Canary');
        await assistedRun(this.#canary);
        return performance.now() - begun;
      }
      if (performance.now() - begun > recoverMs) throw new Error(`not recovered: ${unwell.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  async #unwell(): Promise<string[]> {
    for (const each of this.product.processes) {
      if (each.running) continue;
      this.fallen.push(`${each.name} ended by itself: ${each.output.slice(-2_000)}`);
      await each.start();
    }
    const parts = await Promise.all(
      [
        ...this.product.processes.map(async ({ name, managementUrl }) => {
          const response = await fetch(`${managementUrl}/health/ready`, { signal: AbortSignal.timeout(10_000) });
          return response.status === 200 ? '' : `${name}: ${await response.text()}`;
        }),
        ...this.door.urls.map(async (url) => {
          const { status } = await new ApiClient(url, this.door.platformKey).get('/v1/tenants?limit=1');
          return status === 200 ? '' : `${url}: ${status}`;
        }),
      ].map((part) => part.catch((error: unknown) => String(error))),
    );
    return parts.filter((part) => part !== '');
  }
}
