// The floor: one insert per step, each committed by itself, in a process of its own that is told how many runs to do.
import { randomUUID } from 'node:crypto';
import { takeTurns } from '../harness/contest.mjs';
import { packagesOf } from '../harness/engines.mjs';
import { stepRow } from './blueprint.mjs';

const { default: pg } = await packagesOf('packages/database')('pg');
const { databaseUrl, steps, connections } = JSON.parse(process.argv[2]);

const columns = Object.keys(stepRow('', '', 0));
const text = `insert into agent_runtime.run_steps (${columns.join(', ')}) values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`;
const pool = new pg.Pool({ connectionString: databaseUrl, max: connections });
pool.on('error', (error) => console.error(error));

async function run() {
  const client = await pool.connect();
  try {
    const runId = `run_${randomUUID()}`;
    for (let step = 0; step < steps; step += 1) {
      await client.query({ name: 'step', text, values: Object.values(stepRow('ten_floor', runId, step)) });
    }
  } finally {
    client.release();
  }
}

process.on('message', async (phase) => {
  const latencies = await takeTurns(run, phase);
  process.send(latencies);
});
process.send('ready');
process.once('SIGTERM', async () => {
  await pool.end();
  process.disconnect();
});
