// How fast a tenant's audit is verified, and how fast events become links of it: the real service on native Postgres.
// `--entries=200000` and `--embedded` choose otherwise. Prints entries per second; the goal is 50,000 verified.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The bench is no workspace of its own: packages are found from the service it measures.
const fromGovernance = createRequire(new URL('../../apps/governance/package.json', import.meta.url));
const load = (name) => import(fromGovernance.resolve(name));
const dist = (path) => import(new URL(`../../apps/governance/dist/${path}.js`, import.meta.url));

const goal = 50_000;
const rounds = 5;
const recordedEvents = 10_000;
const linksPerTransaction = 2_000;

export async function run(options) {
  const entries = Number(options.find((option) => option.startsWith('--entries='))?.slice(10) ?? 200_000);
  const embedded = options.includes('--embedded');
  const [{ newId, bootAlone }, contracts] = await Promise.all(
    ['@support101/service-kit', '@support101/contracts/governance'].map(load),
  );
  const [{ governanceService }, { AuditService }] = await Promise.all(['app.module', 'audit/audit.service'].map(dist));
  const server = await database(embedded);
  const lone = await bootAlone(governanceService, { database: { url: server.url, embedded } });
  try {
    const tenantId = newId('ten');
    const caller = { tenantId, principal: { type: 'service', id: 'bench', roles: [] }, correlationId: 'bench' };
    const { service, client, transport } = lone;
    const recording = await timed(() => publish(transport, recordedEvents, newId));
    const audit = service.app.get(AuditService, { strict: false });
    for (let made = 0; made < entries; made += linksPerTransaction) {
      const facts = Array.from({ length: Math.min(linksPerTransaction, entries - made) }, () => fact(tenantId, newId));
      await service.database.asSystem('audit-chain', (tx) => audit.append(tx, facts));
    }
    const rates = [];
    const cpuBefore = await cpuMicroseconds(service.database);
    for (let round = 0; round < rounds; round += 1) {
      const seconds = await timed(async () => {
        const verified = await client.call(contracts.verifyAudit, {}, caller);
        if (!verified.valid || verified.checked !== entries) throw new Error(`not verified: ${JSON.stringify(verified)}`);
      });
      rates.push(Math.round(entries / seconds));
    }
    const cpuAfter = await cpuMicroseconds(service.database);
    const cpu = Object.keys(cpuAfter).map((name) => [name, (cpuAfter[name] - cpuBefore[name]) / (rounds * entries)]);
    const engine = embedded ? 'embedded' : 'native';
    await report({ engine, entries, rates, cpu, recordedPerSecond: Math.round(recordedEvents / recording) });
  } finally {
    await lone.close();
    await server.close();
  }
}

/** Steps of runs of several agents: what there is most of. */
function event(tenantId, newId, index) {
  const run = {
    runId: `run_01jd5m6wz5f9r8x2k3c4v7b6${String(index % 90).padStart(2, '0')}`,
    agentId: 'agt_01jd5m6wz5f9r8x2k3c4v7b6n1',
  };
  return {
    specversion: '1.0',
    id: newId('evt'),
    source: '/support101/agent-runtime',
    type: 'agent-runtime.runs.step-executed.v1',
    subject: `run:${run.runId}`,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    tenantid: tenantId,
    principaltype: 'key',
    principalid: 'key_01jd5m6wz5f9r8x2k3c4v7b6n1',
    outcome: 'success',
    correlationid: newId('cor'),
    data: { ...run, step: index % 7, action: 'search_knowledge', tool: 'search_knowledge', outcome: 'success', durationMs: 12 },
  };
}

async function publish(transport, count, newId) {
  const tenantId = newId('ten');
  const results = await transport.publish(Array.from({ length: count }, (_, index) => event(tenantId, newId, index)));
  if (results.some(({ ok }) => !ok)) throw new Error('an event was not recorded');
}

function fact(tenantId, newId) {
  const { id, subject, principaltype, principalid, correlationid, outcome, time, data } = event(tenantId, newId, 1);
  return {
    tenantId,
    eventId: id,
    eventType: 'step_executed',
    action: 'agent-runtime.runs.step-executed',
    resource: subject,
    outcome,
    principalType: principaltype,
    principalId: principalid,
    agentId: data.agentId,
    runId: data.runId,
    requestId: null,
    correlationId: correlationid,
    details: JSON.stringify(data),
    time,
  };
}

async function database(embedded) {
  const [{ postgres }, { startEmbedded }] = await Promise.all(['@support101/testing', '@support101/database'].map(load));
  if (!embedded) return postgres();
  const directory = await mkdtemp(join(tmpdir(), 'bench-audit-'));
  const { url, close } = await startEmbedded({ directory });
  return {
    url,
    close: async () => {
      await close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Of this process, and of the connections' processes where the server is on this machine. */
async function cpuMicroseconds(database) {
  const backends = await database.asSystem('test', (tx) =>
    tx.query('select pid from pg_stat_activity where datname = current_database()'),
  );
  const used = await Promise.all(
    backends.map(({ pid }) =>
      readFile(`/proc/${pid}/schedstat`, 'utf8').then(
        (text) => Number(text.split(' ')[0]) / 1_000,
        () => 0,
      ),
    ),
  );
  const { user, system } = process.cpuUsage();
  return { service: user + system, postgres: used.reduce((sum, each) => sum + each, 0) };
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}

async function report({ engine, entries, rates, cpu, recordedPerSecond }) {
  const sorted = [...rates].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const verdict = median >= goal ? 'reached' : 'not reached';
  console.log(`audit/verify of ${entries} entries on ${engine} Postgres, ${rates.length} rounds`);
  console.log(`  verified: ${median} entries/s (${sorted[0]} to ${sorted.at(-1)}), goal ${goal}: ${verdict}`);
  console.log(`  CPU per verified entry: ${cpu.map(([name, each]) => `${name} ${each.toFixed(1)} µs`).join(', ')}`);
  console.log(`  recorded: ${recordedPerSecond} events/s of one tenant, from the transport to the commit`);
  const results = new URL('../results/', import.meta.url);
  await mkdir(results, { recursive: true });
  const record = {
    date: new Date().toISOString().slice(0, 10),
    engine,
    entries,
    goal,
    verifiedPerSecond: { median, lowest: sorted[0], highest: sorted.at(-1) },
    cpuMicroseconds: Object.fromEntries(cpu.map(([name, each]) => [name, Number(each.toFixed(1))])),
    recordedPerSecond,
  };
  await writeFile(new URL(`audit-verify-${engine}.json`, results), `${JSON.stringify(record, null, 2)}\n`);
}
