// What the graph costs in Apache AGE and in the tables: the real service's code on one embedded Postgres.
// `--runs=5000` chooses otherwise. Prints milliseconds of one transaction (median and 95th percentile).
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The bench is no workspace of its own: packages are found from the service it measures.
const fromLearning = createRequire(new URL('../../apps/learning/package.json', import.meta.url));
const load = (name) => import(fromLearning.resolve(name));
const dist = (path) => import(new URL(`../../apps/learning/dist/${path}.js`, import.meta.url));

const samples = 200;
const longestMs = 5_000;
const at = '2026-11-22T12:00:00.000Z';

export async function run(options) {
  const runs = Number(options.find((option) => option.startsWith('--runs='))?.slice(7) ?? 2_000);
  const [{ startEmbedded }, { bootAlone, newId }] = await Promise.all(
    ['@support101/database', '@support101/service-kit'].map(load),
  );
  const [{ learningService }, { GraphProjection }, { GraphRepository }] = await Promise.all(
    ['app.module', 'graph/graph-projection.service', 'graph/graph.repository'].map(dist),
  );
  const directory = await mkdtemp(join(tmpdir(), 'bench-graph-'));
  const server = await startEmbedded({ directory });
  const embedder = { name: 'none', dimensions: 1, embed: async (texts) => texts.map(() => new Float32Array(1)) };
  const lone = await bootAlone(learningService({ embedder }), { database: { url: server.url, embedded: true } });
  try {
    const { database, app } = lone.service;
    const projection = app.get(GraphProjection, { strict: false });
    const tables = new GraphRepository();
    const [inTables, inBoth] = [newId('ten'), newId('ten')];
    await projection.rebuild({ tenantId: inBoth }, new AbortController().signal);
    const writers = {
      tables: (n) => database.forTenant(inTables, (tx) => tables.add(tx, change(n), at)),
      both: (n) => database.forTenant(inBoth, (tx) => projection.add(tx, change(n), at, 'both')),
    };
    for (let n = 0; n < runs - samples; n += 1) for (const write of Object.values(writers)) await write(n);
    const table = {};
    for (const [name, write] of Object.entries(writers)) {
      table[`write a run’s end: ${name}`] = await milliseconds((n) => write(runs - samples + n));
    }
    for (const [name, read] of Object.entries(questions(runs))) {
      table[`${name}: tables`] = await milliseconds(() => database.forTenant(inTables, (tx) => read(tables, tx)));
      table[`${name}: Apache AGE`] = await milliseconds(() => projection.read(inBoth, read));
    }
    const started = performance.now();
    await projection.rebuild({ tenantId: inBoth }, new AbortController().signal);
    const rebuildSeconds = Number(((performance.now() - started) / 1000).toFixed(1));
    await report({ runs, rebuildSeconds, table });
  } finally {
    await lone.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** What the end of a run adds: one of so many customers and tickets, one of twenty categories. */
function change(n) {
  const node = (kind, id, more = {}) => ({ kind, id, properties: {}, ...more });
  const [customer, ticket, agent] = [node('Customer', `c${n % 500}`), node('Ticket', `t${n}`), node('Agent', `agt_${n % 3}`)];
  const properties = { agentId: agent.id, blueprint: 'b', outcome: 'resolved', confidence: (n % 100) / 100, steps: ['a', 'b'] };
  const resolution = node('Resolution', `run_${n}`, { category: `cat${n % 20}`, success: true, properties });
  const edge = (kind, from, to) => ({ kind, fromKind: from.kind, fromId: from.id, toKind: to.kind, toId: to.id });
  const edges = [
    edge('FILED', customer, ticket),
    edge('ASKED', customer, resolution),
    edge('RESOLVED_BY', ticket, resolution),
    edge('EXECUTED_BY', resolution, agent),
  ];
  return { nodes: [customer, ticket, agent, resolution], edges };
}

function questions(runs) {
  const tickets = Array.from({ length: 25 }, (_, n) => `t${(n * 500 + 7) % runs}`);
  return {
    'journey (4 queries)': async (graph, tx) => {
      await graph.has(tx, 'Customer', 'c7');
      await graph.tickets(tx, 'c7', 25);
      await graph.resolutionsOf(tx, 'c7', tickets, 25);
      await graph.asked(tx, 'c7', 25);
    },
    'similar resolutions': (graph, tx) => graph.similar(tx, 'cat7', 25),
    counts: (graph, tx) => graph.counts(tx),
  };
}

async function milliseconds(work) {
  const times = [];
  const until = performance.now() + longestMs;
  for (let n = 0; n < samples && (n < 10 || performance.now() < until); n += 1) {
    const started = performance.now();
    await work(n);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const of = (share) => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(2));
  return { min: of(0), median: of(0.5), p95: of(0.95) };
}

async function report(result) {
  console.log(`\n  Graph with ${result.runs} runs on the embedded Postgres, milliseconds a transaction\n`);
  for (const [name, { min, median, p95 }] of Object.entries(result.table)) {
    console.log(`  ${name.padEnd(44)} min ${min}   median ${median}   p95 ${p95}`);
  }
  console.log(`\n  Rebuilding the tenant took ${result.rebuildSeconds} s\n`);
  const results = new URL('../results/', import.meta.url);
  await mkdir(results, { recursive: true });
  await writeFile(new URL('graph.json', results), `${JSON.stringify(result, undefined, 2)}\n`);
}
