// `npm run services`: one process per service on this machine, on real engines: those named by DATABASE_URL, NATS_URL and
// REDIS_URL, else containers, programs of this machine, or programs installed with apt-get, as the tests have them.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { handOver } from './hand-over.mjs';
import { root } from './set-up.mjs';

const folder = process.env.SUPPORT101_DATA_DIR ?? join(root, '.support101-services');

if (process.argv[2] === 'run') await run();
else await handOver(['tooling/services.mjs', 'run'], { drains: true });

async function run() {
  const { LocalEngine, ProductProcesses } = await import('../packages/testing/dist/index.js');
  const stopped = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve);
  });
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const engines = [];
  let product;
  try {
    const environment = { ...passedOn(), ...secrets(), ...(await engineUrls(LocalEngine, engines)) };
    const log = (name, chunk) => process.env.SUPPORT101_VERBOSE === '1' && process.stderr.write(`${name} ${chunk}`);
    say('  … services');
    const began = performance.now();
    product = await ProductProcesses.start({
      root: pathToFileURL(root),
      environment,
      environmentOf: (service) => (service === 'gateway' ? { PORT: process.env.PORT ?? '4100' } : {}),
      onOutput: log,
    });
    for (const each of product.processes) say(`  ${each.name.padEnd(16)} ${each.managementUrl}/health/ready   pid ${each.pid}`);
    say(`\n  Ready after ${((performance.now() - began) / 1000).toFixed(1)} s: ${product.urls[0]}/v1, ${product.urls[0]}/docs`);
    say(`  Platform key: ${join(folder, 'platform-key')}\n  Ctrl-C stops everything.\n`);
    await stopped;
    say('  Stopping: finishing what is under way …');
  } catch (error) {
    process.stderr.write(`\n  ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
  await product?.stop();
  for (const engine of engines) await engine.stop();
  say('  Stopped.');
}

/** Uses the servers that are named, and starts the others. */
async function engineUrls(LocalEngine, started) {
  const urls = {};
  for (const [variable, kind] of Object.entries({ DATABASE_URL: 'postgres', NATS_URL: 'nats', REDIS_URL: 'redis' })) {
    const given = process.env[variable];
    if (given === undefined || given === '') {
      const engine = await LocalEngine.start(kind, join(folder, kind));
      started.push(engine);
      urls[variable] = engine.url;
      say(`  ${variable.padEnd(13)} ${engine.using}, ${engine.url}`);
    } else {
      urls[variable] = given;
      say(`  ${variable.padEnd(13)} as set`);
    }
  }
  return urls;
}

/** Keys that are made once and kept, unless they are set. */
function secrets() {
  return {
    SUPPORT101_PLATFORM_KEY:
      process.env.SUPPORT101_PLATFORM_KEY ?? kept('platform-key', () => `s101platform_${randomBytes(32).toString('base64url')}`),
    SUPPORT101_SECRETS_KEY: process.env.SUPPORT101_SECRETS_KEY ?? kept('secrets-key', () => randomBytes(32).toString('base64')),
  };
}

function kept(name, make) {
  const file = join(folder, name);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    const value = make();
    writeFileSync(file, `${value}\n`, { mode: 0o600 });
    return value;
  }
}

/** What the services understand besides. */
function passedOn() {
  const names = ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'SUPPORT101_PUBLIC_URL'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
