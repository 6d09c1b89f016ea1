// The floor's second process: answers over nats.js from one pipelined tenant transaction of pg.
import { packagesOf } from '../harness/engines.mjs';

const { connect } = await packagesOf('packages/messaging')('@nats-io/transport-node');
const { default: pg } = await packagesOf('packages/database')('pg');
const { natsUrl, databaseUrl } = JSON.parse(process.argv[2]);

const pool = new pg.Pool({ connectionString: databaseUrl, max: 10, pipeline: true });
pool.on('error', (error) => console.error(error));
const find = `select tenant_id as "tenantId", id as "agentId", name, description, blueprint, blueprint_version as "blueprintVersion",
  status, config, version, created_at as "createdAt", updated_at as "updatedAt" from agents where tenant_id = $1 and id = $2`;

async function agentOf(tenantId, agentId) {
  const client = await pool.connect();
  try {
    const [, found] = await Promise.all([
      client.query(
        `begin; set local role agent_runtime_app; set local search_path to agent_runtime, public; set local app.tenant_id to '${tenantId}'`,
      ),
      client.query({ name: 'agent', text: find, values: [tenantId, agentId] }),
      client.query('commit'),
    ]);
    return found.rows[0];
  } finally {
    client.release();
  }
}

const nc = await connect({ servers: natsUrl });
nc.subscribe('floor.agents.get', {
  queue: 'floor',
  callback: async (_error, message) => {
    const { agentId } = message.json();
    message.respond(JSON.stringify(await agentOf(message.headers.get('tenant'), agentId)));
  },
});
await nc.flush();
process.send('ready');
process.once('SIGTERM', async () => {
  await nc.drain();
  await pool.end();
  process.disconnect();
});
