// How long each service takes from its start until it is ready, alone on the machine, and how much memory all of them
// have after work. `--starts=5` chooses how often each is started. The goals are those of the first distributed version.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { keepServers, packagesOf } from '../harness/engines.mjs';
import { familyOf } from '../harness/process-times.mjs';
import { ask } from '../harness/services.mjs';
import { table } from '../harness/tables.mjs';

const goals = { readyMs: 3_000, residentMb: 200, allResidentMb: 1_200 };
const root = new URL('../../', import.meta.url);
const platformKey = 's101_platform_key_of_the_benchmarks_0123456789';
const questions = [
  'How do I reset my password?',
  'Do you deliver to Reykjavik?',
  'I cannot sign in any more',
  'Where is my parcel?',
];

export async function run(options) {
  const starts = Number(options.find((each) => each.startsWith('--starts='))?.slice('--starts='.length) ?? 5);
  const keeper = await keepServers();
  try {
    await measure(starts);
  } finally {
    await keeper.stop();
  }
}

async function measure(starts) {
  const { nats, postgres, redis } = await packagesOf('packages/messaging')('@support101/testing');
  const [database, events, jobs] = await Promise.all([postgres(), nats(), redis()]);
  const environment = {
    DATABASE_URL: database.url,
    NATS_URL: events.url,
    REDIS_URL: jobs.url,
    SUPPORT101_PLATFORM_KEY: platformKey,
    SUPPORT101_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  const load = loadavg()[0];
  const resident = await memoryAfterWork(environment);
  const services = [];
  for (const [name, residentMb] of Object.entries(resident)) {
    services.push({ name, residentMb, ...(await readyTimes(name, environment, starts)) });
  }
  await Promise.all([database.close(), events.close(), jobs.close()]);
  await report({ services, allResidentMb: sum(Object.values(resident)), starts, loadAverage: load });
}

/** Resident memory of each process, in MB, after some runs, articles and events. */
async function memoryAfterWork(environment) {
  const { ProductProcesses } = await packagesOf('packages/messaging')('@support101/testing');
  const product = await ProductProcesses.start({ root, environment });
  try {
    await work(product.urls[0]);
    const sizes = product.processes.map(async ({ name, pid }) => [name, await residentMbOf(pid)]);
    return Object.fromEntries(await Promise.all(sizes));
  } finally {
    await product.stop();
  }
}

async function work(url) {
  const platform = (path, body) => ask(`${url}${path}`, { key: platformKey, body });
  const { tenantId } = await platform('/v1/tenants', { name: 'Bench', tier: 'enterprise', autoActivate: true });
  const { key } = await platform(`/v1/tenants/${tenantId}/api-keys`, { name: 'bench', roles: ['admin'] });
  const article = { title: 'Reset your password', content: 'Open the sign-in page, choose Forgot password, open the link.' };
  await ask(`${url}/v1/learning/knowledge`, { key, body: article });
  const { agentId } = await ask(`${url}/v1/agents`, { key, body: { blueprint: 'support_agent', name: 'Helper' } });
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(questions.map((query) => ask(`${url}/v1/agents/${agentId}/execute`, { key, body: { input: { query } } })));
  }
}

async function residentMbOf(pid) {
  const pids = await familyOf(pid);
  const sizes = pids.map(async (each) => Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${each}/status`, 'utf8'))?.[1]));
  return sum(await Promise.all(sizes)) / 1024;
}

async function readyTimes(name, environment, starts) {
  const { ServiceProcess } = await packagesOf('packages/messaging')('@support101/testing');
  const times = [];
  for (let start = 0; start < starts; start += 1) {
    const main = new URL(`apps/${name}/dist/main.js`, root).pathname;
    const service = new ServiceProcess({ name, main, environment: { HOST: '127.0.0.1', ...environment } });
    const began = performance.now();
    await service.start();
    times.push(performance.now() - began);
    await service.stop();
  }
  times.sort((a, b) => a - b);
  return { readyMs: times[Math.floor(times.length / 2)], slowestReadyMs: times.at(-1) };
}

async function report({ services, allResidentMb, starts, loadAverage }) {
  const rows = services.map(({ name, readyMs, slowestReadyMs, residentMb }) => [
    name,
    `${(readyMs / 1000).toFixed(2)} s (${(slowestReadyMs / 1000).toFixed(2)} s)`,
    `${residentMb.toFixed(0)} MB`,
  ]);
  console.log(table(['service', `ready, median of ${starts} (slowest)`, 'resident after work'], rows));
  console.log(`\nAll together: ${allResidentMb.toFixed(0)} MB. Load average before: ${loadAverage.toFixed(2)}.`);
  const missed = [
    ...services.filter(({ readyMs }) => readyMs > goals.readyMs).map(({ name }) => `${name} is ready after more than 3 s`),
    ...services.filter(({ residentMb }) => residentMb > goals.residentMb).map(({ name }) => `${name} has more than 200 MB`),
    ...(allResidentMb > goals.allResidentMb ? ['all together have more than 1.2 GB'] : []),
  ];
  const results = new URL('../results/', import.meta.url);
  await mkdir(results, { recursive: true });
  const machine = { cores: cpus().length, processor: cpus()[0]?.model ?? 'unknown', node: process.versions.node };
  const date = new Date().toISOString().slice(0, 10);
  const result = { name: 'processes', date, machine, loadAverage, starts, goals, services, allResidentMb, missed };
  const rounded = (_key, value) => (typeof value === 'number' && !Number.isInteger(value) ? Math.round(value) : value);
  await writeFile(new URL('processes.json', results), `${JSON.stringify(result, rounded, 1)}\n`);
  console.log(missed.length === 0 ? 'Goals met.' : `Goals missed: ${missed.join('; ')}.`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}
