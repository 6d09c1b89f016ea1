// Runs of so many steps that ask no model: each writes a note of the length of a short answer into the state.
import { packagesOf } from '../harness/engines.mjs';

const load = packagesOf('packages/blueprints');
const { BaseAgent, configSchema, defineBlueprint } = await load('@support101/agent-kit');
const { z } = await load('zod');

const note = 'A note of the length of a short answer: open the settings, choose security, and confirm the change by the link. ';

class Noting extends BaseAgent {
  start({ steps }) {
    return { steps, notes: [] };
  }

  plan({ steps, notes }) {
    if (notes.length >= steps) return { finish: { notes: notes.length }, outcome: 'resolved' };
    return { action: 'note', input: { position: notes.length } };
  }

  async executeStep(state, { input }) {
    const text = `${input.position}: ${note}`;
    return { result: { text }, state: { ...state, notes: [...state.notes, text] } };
  }
}

export const noting = defineBlueprint({
  name: 'noting',
  version: '1.0.0',
  description: 'Takes notes; for benchmarks.',
  inputSchema: z.strictObject({ steps: z.int().min(1).max(100) }),
  outputSchema: z.strictObject({ notes: z.int() }),
  stateSchema: z.strictObject({ steps: z.int(), notes: z.array(z.string()) }),
  configSchema: configSchema({ maxIterations: 100, timeoutSeconds: 60 }, {}),
  tools: [],
  agent: Noting,
});

/** What a step of such a run leaves in the journal, as columns of `run_steps`. */
export const stepRow = (tenantId, runId, step) => ({
  tenant_id: tenantId,
  run_id: runId,
  fence: 1,
  step,
  action: 'note',
  outcome: 'success',
  result: JSON.stringify({ text: `${step}: ${note}` }),
  tools: '[]',
  change: JSON.stringify([{ op: 'add', path: '/notes/-', value: `${step}: ${note}` }]),
  snapshot: null,
  input_tokens: 0,
  output_tokens: 0,
  cost_micro_usd: 0,
  model: null,
  duration_ms: 0,
  completed_at: new Date(),
});
