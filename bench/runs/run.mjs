// What a durable run costs without the time of a model: asked for over NATS, journaled step by step in Postgres with its
// events, against one committed insert per step. `--rounds=9` chooses otherwise.
import { once } from 'node:events';
import { runContest } from '../harness/contest.mjs';
import { keepServers, packagesOf, postgresEngine } from '../harness/engines.mjs';
import { familyOf } from '../harness/process-times.mjs';
import { startProgram } from '../harness/programs.mjs';
import { report } from '../harness/report.mjs';
import { startServices } from '../harness/services.mjs';

const phases = [
  { name: 'alone', title: 'Runs of five steps, one at a time', steps: 5, operations: 40, concurrency: 1 },
  { name: 'together', title: 'Runs of five steps, 16 at a time', steps: 5, operations: 128, concurrency: 16 },
  { name: 'long', title: 'Runs of 25 steps, one at a time', steps: 25, operations: 10, concurrency: 1 },
];

const program = (name) => new URL(`${name}.mjs`, import.meta.url);

export async function run(options) {
  const rounds = Number(options.find((option) => option.startsWith('--rounds='))?.slice(9) ?? 9);
  const keeper = await keepServers();
  try {
    const contestants = [ours('support101'), floor(), ours('support101 again')];
    const measured = await runContest({ contestants, phases, rounds, warmUp: 100, say: (line) => console.log(line) });
    await report({
      name: 'runs',
      title: 'Runs: durable steps without a model',
      description:
        'A whole run: the command over NATS, the transaction that accepts it (the tenant’s limit, the agent’s version, the lease, its event), the worker in the same process, one journal row per step with its event, the last one with the end, and the answer. The steps reach nothing outside themselves, so they are written together while the run goes on (ADR 19). Then its events are published to JetStream and counted by tenancy, which is part of the processor time. Agent-runtime and tenancy are processes of their own. The floor is a process that inserts one row of the same columns per step into the same table with `pg`, each insert committed by itself, as many connections as runs at a time; it publishes nothing and nobody asks it.',
      command: 'npm run bench -- runs',
      ours: 'support101',
      twice: 'support101 again',
      others: ['floor'],
      goals: phases.flatMap(({ name: phase }) =>
        ['cpu', 'p50'].map((metric) => ({ metric, phase, against: 'floor', atMost: 3 })),
      ),
      phases,
      ...measured,
    });
  } finally {
    await keeper.stop();
  }
}

/** Agent-runtime and tenancy on engines of their own, with one tenant and its agent. */
function ours(name) {
  const closers = [];
  let services;
  let execute;
  let settle;
  return {
    name,
    start: async () => {
      services = await startServices({ tenancy: undefined, 'agent-runtime': program('runtime') });
      closers.unshift(services.close);
      const client = await clientOf(services.engines.nats.url, closers);
      const { agentId, caller } = await prepare(client);
      const { executeAgent } = await packagesOf('apps/agent-runtime')('@support101/contracts/agent-runtime');
      execute = async ({ steps }) => {
        const run = await client.call(executeAgent, { agentId, input: { steps } }, caller);
        if (run.status !== 'completed' || run.stepsCount !== steps) throw new Error(`not completed: ${JSON.stringify(run)}`);
      };
      settle = await publishedIn(services.engines.postgres.url, closers);
    },
    operation: (phase) => execute(phase),
    settle: () => settle(),
    pids: () => services.pids(),
    stop: () => closeAll(closers),
  };
}

/** One process per phase, since a connection is one run's at a time. */
function floor() {
  const closers = [];
  const programs = {};
  let postgres;
  return {
    name: 'floor',
    start: async () => {
      postgres = await postgresEngine();
      closers.push(postgres.close);
      const ofRuntime = packagesOf('apps/agent-runtime');
      const [{ migrationSets }, { migrate }] = await Promise.all(
        ['@support101/service-kit', '@support101/database'].map(ofRuntime),
      );
      const migrations = new URL('../../apps/agent-runtime/prisma/migrations/', import.meta.url);
      const sets = migrationSets({ name: 'agent-runtime', migrations });
      await migrate({ url: postgres.url, schema: 'agent_runtime', sets });
      for (const { name, steps, concurrency } of phases) {
        const options = JSON.stringify({ databaseUrl: postgres.url, steps, connections: concurrency });
        programs[name] = startProgram(program('floor-inserts'), { args: [options], ipc: true });
        closers.unshift(programs[name].stop);
        await programs[name].while(once(programs[name].child, 'message'));
      }
    },
    slice: async (phase) => {
      const { child, while: during } = programs[phase.name];
      child.send(phase);
      const [latencies] = await during(once(child, 'message'));
      return latencies;
    },
    pids: async () => ({
      inserter: (await Promise.all(Object.values(programs).map(({ pid }) => familyOf(pid)))).flat(),
      postgres: await postgres.pids(),
    }),
    stop: () => closeAll(closers),
  };
}

async function clientOf(natsUrl, closers) {
  const { openNats, CommandClient } = await packagesOf('apps/agent-runtime')('@support101/messaging');
  const transport = await openNats({ url: natsUrl, name: 'bench' });
  closers.unshift(() => transport.close());
  return new CommandClient(transport);
}

async function prepare(client) {
  const load = packagesOf('apps/agent-runtime');
  const [tenancy, runtime] = await Promise.all(
    ['@support101/contracts/tenancy', '@support101/contracts/agent-runtime'].map(load),
  );
  const platform = { principal: { type: 'platform', id: 'bench', roles: [] }, correlationId: 'bench' };
  const { tenantId } = await client.call(
    tenancy.createTenant,
    { name: 'Bench', tier: 'enterprise', autoActivate: true },
    platform,
  );
  const limits = { tenantId, maxConcurrentExecutions: 10_000, maxAgents: 10 };
  await client.call(tenancy.setTenantLimits, limits, { ...platform, tenantId });
  const caller = { principal: { type: 'key', id: 'bench', roles: ['admin'] }, tenantId, correlationId: 'bench' };
  const { agentId } = await client.call(runtime.createAgent, { name: 'Bench', blueprint: 'noting' }, caller);
  return { agentId, caller };
}

/** Resolves when all events are published and marked: until then the work of the slice is not done. */
async function publishedIn(url, closers) {
  const { default: pg } = await packagesOf('packages/database')('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  closers.unshift(() => client.end());
  const text = ['agent_runtime', 'tenancy']
    .map((schema) => `select 1 from ${schema}.outbox where published_at is null`)
    .join(' union all ');
  return async () => {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const { rowCount } = await client.query(text);
      if (rowCount === 0) break;
      if (performance.now() > deadline) throw new Error(`${rowCount} events are not published after 30 s`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // The last ones still have to reach tenancy.
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
}

async function closeAll(closers) {
  for (const close of closers.splice(0)) await close();
}
