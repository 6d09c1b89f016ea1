import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
// region: README
import { z } from 'zod';
import { BaseAgent, configSchema, defineBlueprint, runBlueprint, type Action, type Plan } from './index.js';
import { defineTask, defineTool, KnowledgeHit, type StepContext, type StepResult } from './index.js';

const Input = z.strictObject({ word: z.string().min(1).max(100) });
const Output = z.strictObject({ explanation: z.string(), articleId: z.string() });
const Config = configSchema(
  { maxIterations: 4, timeoutSeconds: 30, fewestIterations: 2 },
  { topK: z.int().min(1).max(10).default(3) },
);

// All that the agent knows. Plain JSON: it is written down after every step.
const State = z.strictObject({
  word: z.string(),
  passages: z.array(KnowledgeHit).optional(),
  explanation: z.string().optional(),
});
type State = z.output<typeof State>;

const lookUp = defineTool({
  name: 'look_up',
  description: 'Find passages that mention a word',
  version: '1.0.0',
  input: z.strictObject({ word: z.string(), topK: z.int() }),
  output: z.array(KnowledgeHit),
  effect: 'read',
  timeoutMs: 5_000,
  execute: async ({ word, topK }, { knowledge, signal }) => [...(await knowledge.search(word, topK, signal))],
});

const explain = defineTask({
  name: 'explain_word',
  instructions: 'Explain the word in one sentence, using only the passage.',
  input: z.object({ word: z.string(), passage: z.string() }),
  output: z.object({ explanation: z.string() }),
  // What happens without a model: deterministic, and good enough to be useful.
  offline: ({ passage }) => ({ explanation: passage.split(/(?<=\.)\s/)[0] ?? passage }),
});

class GlossaryAgent extends BaseAgent<z.output<typeof Input>, z.output<typeof Output>, State, z.output<typeof Config>> {
  start({ word }: z.output<typeof Input>): State {
    return { word };
  }

  plan(state: State): Plan<z.output<typeof Output>> {
    if (state.passages === undefined) return { action: 'look_up', input: { word: state.word } };
    const best = state.passages[0];
    if (best === undefined) return { fail: 'no_supported_answer', detail: `Nothing mentions "${state.word}".` };
    if (state.explanation === undefined) return { action: 'explain', input: { articleId: best.articleId } };
    return { finish: { explanation: state.explanation, articleId: best.articleId }, outcome: 'resolved' };
  }

  async executeStep(state: State, { action }: Action, ctx: StepContext<z.output<typeof Config>>): Promise<StepResult<State>> {
    if (action === 'look_up') {
      const passages = await ctx.tools.call(lookUp, { word: state.word, topK: ctx.config.topK });
      return { result: { found: passages.length }, state: { ...state, passages } };
    }
    const passage = state.passages?.[0]?.text ?? '';
    const { explanation } = await ctx.tasks.run(explain, { word: state.word, passage });
    return { result: { explanation }, state: { ...state, explanation } };
  }
}

export const glossary = defineBlueprint({
  name: 'glossary',
  version: '1.0.0',
  description: 'Explains a word from the knowledge base',
  inputSchema: Input,
  outputSchema: Output,
  stateSchema: State,
  configSchema: Config,
  tools: [lookUp],
  agent: GlossaryAgent,
});

describe('glossary', () => {
  it('explains a word that an article mentions', async () => {
    const knowledge = [
      { articleId: 'art_1', title: 'Limescale', text: 'Limescale is hard water’s residue. It clogs pumps.', score: 0.9 },
    ];

    const run = await runBlueprint(glossary, { input: { word: 'limescale' }, knowledge });

    expect(run.status).toBe('completed');
    expect(run.output).toEqual({ explanation: 'Limescale is hard water’s residue.', articleId: 'art_1' });
    expect(run.steps.map((step) => step.action)).toEqual(['look_up', 'explain']);
  });
});
// endregion

describe('README', () => {
  it('shows exactly the blueprint that is tested here', () => {
    const source = readFileSync(new URL('./readme.spec.ts', import.meta.url), 'utf8');
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

    const region = source.slice(source.indexOf('// region: README\n') + 18, source.indexOf('// endregion'));
    const shown = region.replaceAll("'./index.js'", "'@support101/agent-kit'").trim();

    expect(readme).toContain(shown);
  });
});
