// How long the standalone takes from its start until it is ready with 10,000 runs, 1,000 of them waiting for a person, in
// its embedded database, and whether all 1,000 timers are set then. Two runs are real, the rest are copies of their rows.
// `--runs=10000`, `--waiting=1000` and `--starts=3` choose otherwise; `--keep=<directory>` keeps the filled directory, or
// takes one that is there. The goal is under 10 s, and every timer fires.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { multiply, openData } from './fill.mjs';
import { start, until } from './product.mjs';

const goalMs = 10_000;
/**
 * The first timer of the last start falls due this long after its rows were written: half a start more than the slowest one
 * took, so that the process is ready then, and not by much, so that no later look into the database can have set it.
 */
const leadMs = (starts) => 5_000 + 1.5 * Math.max(10_000, ...starts.map(({ readyMs }) => readyMs));
const spreadMs = 25_000;

export async function run(options) {
  const option = (name, otherwise) => options.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
  const wanted = {
    runs: Number(option('runs', 10_000)),
    waiting: Number(option('waiting', 1_000)),
    starts: Number(option('starts', 3)),
  };
  const kept = option('keep');
  const directory = await mkdtemp(join(tmpdir(), 'bench-restart-'));
  try {
    const filled = kept !== undefined && existsSync(kept) ? kept : await fill(directory, wanted);
    if (kept !== undefined) await cp(filled, kept === filled ? directory : kept, { recursive: true });
    await measure(directory, wanted);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fill(directory, { runs, waiting }) {
  console.log(`Filling a data directory with ${runs} runs, ${waiting} of which wait for a person …`);
  const begun = performance.now();
  const { answered, asked } = await twoRealRuns(directory);
  const data = await openData(directory);
  try {
    for (const [runId, copies] of [
      [answered, runs - waiting - 1],
      [asked, waiting - 1],
    ]) {
      const added = await multiply(data, runId, copies);
      console.log(
        `  ${copies} copies: ${Object.entries(added)
          .map(([table, count]) => `${table} ${count}`)
          .join(', ')}`,
      );
    }
  } finally {
    await data.close();
  }
  console.log(`  in ${seconds(performance.now() - begun)}`);
  return directory;
}

/** One run that was answered and one that waits for a person, each with everything told about it. */
async function twoRealRuns(directory) {
  const product = await start(directory);
  try {
    const { tenantId } = await product.call('POST', '/v1/tenants', { name: 'Bench', tier: 'enterprise', autoActivate: true });
    const { key } = await product.call('POST', `/v1/tenants/${tenantId}/api-keys`, { name: 'bench', roles: ['admin'] });
    const call = (method, path, body) => product.call(method, path, body, key);
    const article = {
      title: 'Reset your password',
      content: 'Open the sign-in page, choose Forgot password, and open the link that we send you.',
    };
    await call('POST', '/v1/learning/knowledge', article);
    const { agentId } = await call('POST', '/v1/agents', { blueprint: 'support_agent', name: 'Helper' });
    const execute = async (query, status) => {
      const done = await call('POST', `/v1/agents/${agentId}/execute`, { input: { query } });
      if (done.status !== status) throw new Error(`the run of "${query}" is ${done.status} and not ${status}`);
      return done.runId;
    };
    const answered = await execute('How do I reset my password?', 'completed');
    const asked = await execute('Do you deliver to Reykjavik, and how long does it take?', 'awaiting_human');
    for (const [runId, last] of [
      [answered, 'agent-runtime.runs.completed'],
      [asked, 'hitl.requests.opened'],
    ]) {
      await until(`${last} on the audit`, async () => (await trail(call, runId)).some(({ action }) => action === last));
    }
    // What listens to these events is done soon after: the fill refuses to go on where something was not published.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    return { answered, asked };
  } finally {
    await product.end();
  }
}

async function measure(directory, { runs, waiting, starts }) {
  const times = [];
  for (let round = 1; round < starts; round += 1) {
    const product = await start(directory);
    times.push(product);
    console.log(`  start ${round}: ${inWords(product)}`);
    await product.end(round % 2 === 0 ? 'SIGINT' : 'SIGKILL');
  }
  const dueAt = await makeDue(directory, leadMs(times));
  const product = await start(directory);
  const readyAt = Date.now();
  try {
    times.push(product);
    console.log(`  start ${starts}: ${inWords(product)}`);
    if (readyAt > dueAt.first)
      throw new Error('the first deadline had passed before the process was ready: the timers show nothing');
    const lateness = await fired(product, dueAt);
    await report({ runs, waiting, starts: times, lateness });
  } finally {
    await product.end();
  }
}

/** Moves the open requests in time, as if they had been asked so long ago that they are to be warned of one after the other. */
async function makeDue(directory, lead) {
  const data = await openData(directory);
  const first = Date.now() + lead;
  try {
    const due = await data.rows(
      'hitl',
      `with due as (
         select tenant_id, request_id, to_timestamp(($1 + $2 * row_number() over (order by request_id) / count(*) over ()) / 1000.0) as at
         from hitl.requests where status = 'pending')
       update hitl.requests r set next_due_at = due.at, sla_warn_at = due.at, created_at = r.created_at + (due.at - r.sla_warn_at),
         sla_deadline = r.sla_deadline + (due.at - r.sla_warn_at)
       from due where r.tenant_id = due.tenant_id and r.request_id = due.request_id
       returning r.request_id as "requestId", r.next_due_at as at`,
      [first, spreadMs],
    );
    return { first, tenantId: data.tenantId, byRequest: new Map(due.map(({ requestId, at }) => [requestId, at.getTime()])) };
  } finally {
    await data.close();
  }
}

/** How late each timer fired, in milliseconds; fails when one did not. */
async function fired(product, { first, tenantId, byRequest }) {
  const { key } = await product.call('POST', `/v1/tenants/${tenantId}/api-keys`, { name: 'reader', roles: ['viewer'] });
  const last = first + spreadMs;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, last - Date.now())));
  const warned = new Map();
  await until(
    `${byRequest.size} warnings on the audit`,
    async () => {
      for (let cursor; ;) {
        const query = `from=${new Date(first).toISOString()}&eventType=human_feedback_requested&limit=100`;
        const page = await product.call(
          'GET',
          `/v1/governance/audit?${query}${cursor === undefined ? '' : `&cursor=${cursor}`}`,
          undefined,
          key,
        );
        for (const entry of page.data)
          if (entry.action === 'hitl.requests.sla-warned') warned.set(entry.requestId, Date.parse(entry.time));
        if (page.nextCursor === null) break;
        cursor = page.nextCursor;
      }
      return [...byRequest.keys()].every((requestId) => warned.has(requestId));
    },
    120,
  );
  return [...byRequest].map(([requestId, at]) => warned.get(requestId) - at).toSorted((a, b) => a - b);
}

async function trail(call, runId) {
  return (await call('GET', `/v1/governance/audit/runs/${runId}?limit=100`)).data;
}

async function report({ runs, waiting, starts, lateness }) {
  const times = starts.map(({ readyMs }) => readyMs);
  const [median, slowest] = [medianOf(times), Math.max(...times)];
  const cpuMs = starts.flatMap((started) => started.cpuMs ?? []);
  const early = lateness.filter((ms) => ms < 0).length;
  const reached = slowest < goalMs && lateness.length === waiting && early === 0;
  const load = loadavg()[0].toFixed(1);
  console.log(
    `Restart with ${runs} runs and ${waiting} open requests on the embedded database, ${times.length} starts, load ${load}`,
  );
  console.log(
    `  ready: median ${seconds(median)}, slowest ${seconds(slowest)}, goal under ${seconds(goalMs)}: ${reached ? 'reached' : 'not reached'}`,
  );
  console.log(
    `  timers: ${lateness.length} of ${waiting} fired, ${early} early; late by median ${medianOf(lateness)} ms, at most ${lateness.at(-1)} ms`,
  );
  const record = {
    date: new Date().toISOString().slice(0, 10),
    machine: { cores: cpus().length, processor: cpus()[0]?.model ?? 'unknown', node: process.versions.node },
    loadAverage: loadavg().map((load) => Number(load.toFixed(2))),
    ...{ runs, waiting, goalMs, reached },
    readyMs: { median: Math.round(median), slowest: Math.round(slowest), all: times.map(Math.round) },
    cpuMs,
    timers: {
      fired: lateness.length,
      early,
      lateMs: { median: medianOf(lateness), most: lateness.at(-1) },
    },
  };
  const results = new URL('../results/', import.meta.url);
  await mkdir(results, { recursive: true });
  await writeFile(new URL('restart.json', results), `${JSON.stringify(record, null, 2)}\n`);
  if (!reached) process.exitCode = 1;
}

const inWords = ({ readyMs, cpuMs }) =>
  `ready in ${seconds(readyMs)}${cpuMs === undefined ? '' : `, ${seconds(cpuMs)} of the processor`}`;
const medianOf = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;
