// What one authenticated read costs through all tiers: our gateway, NATS, agent-runtime and Postgres under row-level
// security, as separate processes, against the bare libraries that do the same. `--rounds=9` chooses otherwise.
import { runContest } from '../harness/contest.mjs';
import { keepServers } from '../harness/engines.mjs';
import { httpGets } from '../harness/http-load.mjs';
import { report } from '../harness/report.mjs';
import { ask, startServices } from '../harness/services.mjs';
import { bareFastify, floor } from './floors.mjs';

const phases = [
  { name: 'alone', title: 'One request at a time', operations: 300, concurrency: 1 },
  { name: 'together', title: '32 requests at a time', operations: 1_600, concurrency: 32 },
];

export async function run(options) {
  const rounds = Number(options.find((option) => option.startsWith('--rounds='))?.slice(9) ?? 9);
  const keeper = await keepServers();
  try {
    const first = ours('support101');
    const contestants = [first, floor(first.agent), bareFastify(first.agent), ours('support101 again')];
    const measured = await runContest({ contestants, phases, rounds, warmUp: 4_000, say: (line) => console.log(line) });
    await report({
      name: 'api',
      title: 'API: reading an agent',
      description:
        'An authenticated `GET /v1/agents/{agentId}`: gateway, NATS, agent-runtime, Postgres under row-level security, each a process of its own. The floor is fastify with a key check in memory, nats.js to a second process, and one pipelined tenant transaction of `pg` that finds the same row under the same policies. Bare fastify answers the same text from memory.',
      command: 'npm run bench -- api',
      ours: 'support101',
      twice: 'support101 again',
      others: ['floor', 'bare fastify'],
      goals: phases.flatMap(({ name: phase }) =>
        ['cpu', 'p50'].map((metric) => ({ metric, phase, against: 'floor', atMost: 2 })),
      ),
      phases,
      ...measured,
    });
  } finally {
    await keeper.stop();
  }
}

/** Gateway, tenancy and agent-runtime on engines of their own, with one tenant, its key and its agent. */
function ours(name) {
  let services;
  let load;
  let agent;
  return {
    name,
    agent: () => agent,
    start: async () => {
      services = await startServices({ tenancy: undefined, 'agent-runtime': undefined, gateway: undefined });
      const { url, port, platformKey } = services;
      const tenant = { name: 'Bench', tier: 'enterprise', autoActivate: true };
      const { tenantId } = await ask(`${url}/v1/tenants`, { key: platformKey, body: tenant });
      const limits = { maxRequestsPerMinute: 1_000_000_000, maxAgents: 10 };
      await ask(`${url}/v1/tenants/${tenantId}/limits`, { method: 'PUT', key: platformKey, body: limits });
      const { key } = await ask(`${url}/v1/tenants/${tenantId}/api-keys`, {
        key: platformKey,
        body: { name: 'bench', roles: ['admin'] },
      });
      const made = await ask(`${url}/v1/agents`, { key, body: { name: 'Bench', blueprint: 'support_agent' } });
      load = httpGets({ port, path: `/v1/agents/${made.agentId}`, headers: { authorization: `Bearer ${key}` } });
      agent = JSON.parse(await load.get());
    },
    operation: () => load.get(),
    pids: () => services.pids(),
    stop: async () => {
      load?.close();
      await services?.close();
    },
  };
}
