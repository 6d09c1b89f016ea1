// What our API is measured against: the bare libraries that do the same work, and the least that answers HTTP.
import { natsEngine, packagesOf, postgresEngine } from '../harness/engines.mjs';
import { httpGets } from '../harness/http-load.mjs';
import { familyOf } from '../harness/process-times.mjs';
import { freePort, listens, startProgram } from '../harness/programs.mjs';
import { once } from 'node:events';

const program = (name) => new URL(`${name}.mjs`, import.meta.url);

/** Fastify, nats.js to a second process, one pipelined tenant transaction of pg: the same row under the same policies. */
export function floor(agent) {
  const closers = [];
  let load;
  let pids;
  return {
    name: 'floor',
    start: async () => {
      const [postgres, nats] = await Promise.all([postgresEngine(), natsEngine()]);
      closers.push(postgres.close, nats.close);
      await copyAgent(postgres.url, agent());
      const key = 's101_floor_key_of_the_usual_length_0123456789';
      const { tenantId, agentId } = agent();
      const service = startProgram(program('floor-service'), {
        args: [JSON.stringify({ natsUrl: nats.url, databaseUrl: postgres.url })],
        ipc: true,
      });
      closers.unshift(service.stop);
      await service.while(once(service.child, 'message'));
      const port = await freePort();
      const gateway = startProgram(program('floor-gateway'), {
        args: [JSON.stringify({ port, natsUrl: nats.url, key, tenantId })],
      });
      closers.unshift(gateway.stop);
      await gateway.while(listens(port));
      load = httpGets({ port, path: `/v1/agents/${agentId}`, headers: { authorization: `Bearer ${key}` } });
      closers.unshift(async () => load.close());
      const answered = JSON.parse(await load.get());
      if (JSON.stringify(sorted(answered)) !== JSON.stringify(sorted(agent()))) {
        throw new Error(`the floor answers another agent: ${JSON.stringify(answered)}`);
      }
      pids = async () => ({
        gateway: await familyOf(gateway.pid),
        service: await familyOf(service.pid),
        postgres: await postgres.pids(),
        nats: await nats.pids(),
      });
    },
    operation: () => load.get(),
    pids: () => pids(),
    stop: async () => {
      for (const close of closers) await close();
    },
  };
}

/** Fastify that answers the same text from memory. */
export function bareFastify(agent) {
  let load;
  let server;
  return {
    name: 'bare fastify',
    start: async () => {
      const port = await freePort();
      server = startProgram(program('bare-fastify'), { args: [JSON.stringify({ port, answer: agent() })] });
      await server.while(listens(port));
      load = httpGets({ port, path: `/v1/agents/${agent().agentId}` });
    },
    operation: () => load.get(),
    pids: async () => ({ server: await familyOf(server.pid) }),
    stop: async () => {
      load?.close();
      await server?.stop();
    },
  };
}

/** The schema as our service makes it, with the same row in it. */
async function copyAgent(url, agent) {
  const ofRuntime = packagesOf('apps/agent-runtime');
  const [{ migrationSets }, { migrate }] = await Promise.all(['@support101/service-kit', '@support101/database'].map(ofRuntime));
  const migrations = new URL('../../apps/agent-runtime/prisma/migrations/', import.meta.url);
  await migrate({ url, schema: 'agent_runtime', sets: migrationSets({ name: 'agent-runtime', migrations }) });
  const { default: pg } = await packagesOf('packages/database')('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { agentId, tenantId, config, ...row } = agent;
    await client.query(
      `insert into agent_runtime.agents (tenant_id, id, name, description, blueprint, blueprint_version, status, config, version, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        tenantId,
        agentId,
        row.name,
        row.description,
        row.blueprint,
        row.blueprintVersion,
        row.status,
        JSON.stringify(config),
        row.version,
        row.createdAt,
        row.updatedAt,
      ],
    );
  } finally {
    await client.end();
  }
}

function sorted(value) {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key])]),
  );
}
