// Our services as an operator runs them: one process each, on native engines of their own.
import { natsEngine, postgresEngine, redisEngine } from './engines.mjs';
import { familyOf } from './process-times.mjs';
import { answers, freePort, startProgram } from './programs.mjs';

const mainOf = (service) => new URL(`../../apps/${service}/dist/main.js`, import.meta.url);
const platformKey = 's101_platform_key_of_the_benchmarks_0123456789';

/**
 * Starts engines and services, in the order given; a service may have a program of its own instead of its main.
 * @param {Record<string, URL | undefined>} services name to program; undefined is the service's own
 */
export async function startServices(services) {
  const closers = [];
  const close = async () => {
    for (const closer of closers.splice(0)) await closer();
  };
  try {
    const engines = { postgres: await postgresEngine(), nats: await natsEngine(), redis: await redisEngine() };
    closers.push(...Object.values(engines).map((engine) => engine.close));
    const port = await freePort();
    const running = {};
    for (const [name, program] of Object.entries(services)) {
      running[name] = await startService(name, program ?? mainOf(name), engines, port);
      closers.unshift(running[name].stop);
    }
    const pids = async () => {
      const parts = Object.entries(running).map(async ([name, { pid }]) => [name, await familyOf(pid)]);
      const servers = Object.entries(engines).map(async ([name, engine]) => [name, await engine.pids()]);
      return Object.fromEntries(await Promise.all([...parts, ...servers]));
    };
    return { port, url: `http://127.0.0.1:${port}`, platformKey, engines, pids, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startService(name, program, { postgres, nats, redis }, port) {
  const managementPort = await freePort();
  const engines = { NATS_URL: nats.url, REDIS_URL: redis.url, ...(name === 'gateway' ? {} : { DATABASE_URL: postgres.url }) };
  const ofGateway = name === 'gateway' ? { PORT: String(port), SUPPORT101_PLATFORM_KEY: platformKey } : {};
  const service = startProgram(program, {
    // As the image runs them (infra/docker/Dockerfile).
    nodeFlags: ['--max-semi-space-size=4'],
    env: {
      ...engines,
      ...ofGateway,
      HOST: '127.0.0.1',
      MANAGEMENT_PORT: String(managementPort),
      LOG_LEVEL: 'info',
      MALLOC_ARENA_MAX: '1',
    },
  });
  try {
    await service.while(answers(`http://127.0.0.1:${managementPort}/health/ready`, 60_000));
  } catch (error) {
    await service.stop();
    throw error;
  }
  return service;
}

/** Asks the public API; throws what it does not answer with success. */
export async function ask(url, { method = 'POST', key, tenantId, body }) {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    ...(tenantId === undefined ? {} : { 'x-tenant-id': tenantId }),
  };
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}
