import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  BaseAgent,
  configSchema,
  defineBlueprint,
  defineTask,
  defineTool,
  describeBlueprint,
  RunFailure,
  runBlueprint,
  type Action,
  type Decision,
  type Plan,
  type StepContext,
  type StepResult,
} from './index.js';

const Input = z.strictObject({ act: z.string() });
const Output = z.strictObject({ said: z.string() });
const State = z.strictObject({ act: z.string(), said: z.string().optional() });
type State = z.output<typeof State>;
const Config = configSchema({ maxIterations: 3, timeoutSeconds: 5 }, {});
type Config = z.output<typeof Config>;

const options = { version: '1.0.0', input: z.strictObject({ text: z.string().max(10) }), output: z.string(), timeoutMs: 30 };
const echo = defineTool({
  ...options,
  name: 'echo',
  description: 'Says it again',
  effect: 'read',
  execute: async ({ text }) => text,
});
const wrong = defineTool({
  ...options,
  name: 'wrong',
  description: 'Gives a number',
  effect: 'read',
  execute: async () => 7 as unknown as string,
});
const stuck = defineTool({
  ...options,
  name: 'stuck',
  description: 'Never ends',
  effect: 'read',
  execute: () => new Promise<string>(() => {}),
});
const broken = defineTool({
  ...options,
  name: 'broken',
  description: 'Throws',
  effect: 'read',
  execute: () => Promise.reject(new Error('secret')),
});
const pay = defineTool({
  ...options,
  name: 'pay',
  description: 'Pays',
  effect: 'write',
  requiresApproval: true,
  execute: async (_in, { effectKey }) => effectKey,
});
const stray = defineTool({
  ...options,
  name: 'stray',
  description: 'Not of this blueprint',
  effect: 'read',
  execute: async () => '',
});
const guess = defineTask({
  name: 'guess',
  instructions: 'Guess.',
  input: z.object({}),
  output: z.object({ word: z.string() }),
  offline: () => ({ word: 'offline' }),
});

// Does what its input says, so that each test can name one behaviour.
const acts: Record<string, (state: State, ctx: StepContext<Config>) => Promise<StepResult<State>>> = {
  echo: async (state, ctx) => said(state, await ctx.tools.call(echo, { text: 'hello' })),
  wrong: async (state, ctx) => said(state, await ctx.tools.call(wrong, { text: 'x' })),
  stuck: async (state, ctx) => said(state, await ctx.tools.call(stuck, { text: 'x' })),
  broken: async (state, ctx) => said(state, await ctx.tools.call(broken, { text: 'x' })),
  badInput: async (state, ctx) => said(state, await ctx.tools.call(echo, { text: 'much too long' })),
  stray: async (state, ctx) => said(state, await ctx.tools.call(stray, { text: 'x' })),
  pay: async (state, ctx) => said(state, await ctx.tools.call(pay, { text: 'x' })),
  guess: async (state, ctx) => said(state, (await ctx.tasks.run(guess, {})).word),
  spin: async (state) => ({ result: {}, state }),
  throws: () => Promise.reject(new Error('secret')),
  badState: async () => ({ result: {}, state: { act: 1 } as unknown as State }),
  dateState: async (state) => ({ result: { at: new Date(0) } as never, state }),
  ask: async (state) => ({
    result: {},
    state,
    interrupt: {
      type: 'review',
      title: 'Say what?',
      question: 'What shall I say?',
      options: ['edit', 'reject'],
      priority: 'low',
    },
    signals: { confidence: 0.2 },
  }),
  badAsk: async (state) => ({
    result: {},
    state,
    interrupt: { type: 'review', title: '', question: '?', options: [], priority: 'low' },
  }),
};

function said(state: State, text: string): StepResult<State> {
  return { result: { text }, state: { ...state, said: text } };
}

class ScriptedAgent extends BaseAgent<z.output<typeof Input>, z.output<typeof Output>, State, Config> {
  private calls = 0;

  start({ act }: z.output<typeof Input>): State {
    if (act === 'remember') this.calls += 1;
    return { act };
  }

  plan(state: State): Plan<z.output<typeof Output>> {
    if (state.said !== undefined) return { finish: { said: state.said }, outcome: 'resolved' };
    if (state.act === 'badOutput') return { finish: { said: this.calls as unknown as string }, outcome: 'resolved' };
    return state.act === 'giveUp' ? { fail: 'no_supported_answer', detail: 'No idea.' } : { action: state.act, input: {} };
  }

  async executeStep(state: State, { action }: Action, ctx: StepContext<Config>): Promise<StepResult<State>> {
    const act = acts[action];
    if (act === undefined) throw new RunFailure('blueprint_error', `no act ${action}`);
    return act(state, ctx);
  }

  override resume(state: State, decision: Decision): State {
    if (state.act !== 'ask') return super.resume(state, decision, this as never);
    if (decision.decision === 'reject') throw new RunFailure('rejected_by_reviewer');
    return { ...state, said: z.string().parse(decision.edits?.['answer']) };
  }
}

const definition = {
  name: 'scripted',
  version: '1.0.0',
  description: 'For tests',
  inputSchema: Input,
  outputSchema: Output,
  stateSchema: State,
  configSchema: Config,
  tools: [echo, wrong, stuck, broken, pay],
  agent: ScriptedAgent,
};
const scripted = defineBlueprint(definition);

describe('a blueprint', () => {
  it('is completed with its checked output', async () => {
    const run = await runBlueprint(scripted, { input: { act: 'echo' } });

    expect(run).toMatchObject({ status: 'completed', outcome: 'resolved', output: { said: 'hello' } });
    expect(run.steps).toEqual([
      {
        action: 'echo',
        input: {},
        result: { text: 'hello' },
        state: { act: 'echo', said: 'hello' },
        tools: [{ tool: 'echo', input: { text: 'hello' } }],
      },
    ]);
  });

  it('runs a task offline, or as scripted', async () => {
    const offline = await runBlueprint(scripted, { input: { act: 'guess' } });
    const said = await runBlueprint(scripted, { input: { act: 'guess' }, tasks: { guess: { word: 'scripted' } } });
    const failed = await runBlueprint(scripted, {
      input: { act: 'guess' },
      tasks: { guess: new RunFailure('model_unavailable') },
    });

    expect([offline.output, said.output]).toEqual([{ said: 'offline' }, { said: 'scripted' }]);
    expect(failed.error?.code).toBe('model_unavailable');
  });

  it.each([
    ['giveUp', 'no_supported_answer'],
    ['spin', 'step_limit_reached'],
    ['throws', 'blueprint_error'],
    ['badState', 'state_invalid'],
    ['dateState', 'state_invalid'],
    ['badOutput', 'output_invalid'],
    ['badAsk', 'state_invalid'],
    ['wrong', 'tool_output_invalid'],
    ['stuck', 'tool_timed_out'],
    ['broken', 'tool_failed'],
    ['badInput', 'tool_input_invalid'],
    ['stray', 'tool_unknown'],
    ['pay', 'tool_needs_approval'],
  ])('that does %s fails as %s and shows no secret', async (act, code) => {
    const run = await runBlueprint(scripted, { input: { act } });

    expect(run).toMatchObject({ status: 'failed', outcome: 'failed', error: { code } });
    expect(run.error?.detail).not.toContain('secret');
  });

  it('may call only the tools its configuration allows', async () => {
    const allowed = await runBlueprint(scripted, { input: { act: 'echo' }, config: { allowedTools: ['echo'] } });
    const refused = await runBlueprint(scripted, { input: { act: 'echo' }, config: { allowedTools: [] } });

    expect(allowed.status).toBe('completed');
    expect(refused.error?.code).toBe('tool_not_allowed');
  });

  it('gives a tool that needs approval to whoever stands around it, with a stable effect key', async () => {
    const run = await runBlueprint(scripted, {
      input: { act: 'pay' },
      aroundTool: (call) => call.execute(`${call.tool.name}-${call.index}`),
    });

    expect(run.output).toEqual({ said: 'pay-0' });
  });

  it('waits for a person, and goes on with the decision', async () => {
    const waiting = await runBlueprint(scripted, { input: { act: 'ask' } });
    const edited = await runBlueprint(scripted, {
      input: { act: 'ask' },
      decide: () => ({ decision: 'edit', edits: { answer: 'this' } }),
    });
    const rejected = await runBlueprint(scripted, { input: { act: 'ask' }, decide: () => ({ decision: 'reject' }) });

    expect(waiting).toMatchObject({ status: 'awaiting_human', interrupt: { question: 'What shall I say?', context: {} } });
    expect(waiting.steps[0]?.signals).toEqual({ confidence: 0.2 });
    expect(edited).toMatchObject({ status: 'completed', output: { said: 'this' } });
    expect(rejected.error?.code).toBe('rejected_by_reviewer');
  });

  it('refuses a decision it does not expect', () => {
    const state = scripted.start({ act: 'echo' }, scripted.defaultConfig);

    expect(() => scripted.resume(state, { requestId: 'r', decision: 'approve' }, scripted.defaultConfig)).toThrow(
      expect.objectContaining({ code: 'decision_not_expected' }),
    );
  });

  it('cannot keep anything in the agent', () => {
    expect(() => scripted.start({ act: 'remember' }, scripted.defaultConfig)).toThrow(TypeError);
  });

  it('stops when the signal is aborted', async () => {
    const run = await runBlueprint(scripted, { input: { act: 'echo' }, signal: AbortSignal.abort(new RunFailure('cancelled')) });

    expect(run.error?.code).toBe('cancelled');
  });

  it.each([
    ['an unknown field', { maxIteration: 3 }],
    ['too many steps', { maxIterations: 1e9 }],
    ['a negative timeout', { timeoutSeconds: -1 }],
    ['no object', 'x'],
  ])('refuses a configuration with %s', (_name, config) => {
    expect(() => scripted.parseConfig(config)).toThrow(expect.objectContaining({ code: 'blueprint_config_invalid' }));
  });

  it('refuses an input that does not fit', () => {
    expect(() => scripted.parseInput({ act: 'echo', more: 1 })).toThrow(expect.objectContaining({ code: 'run_input_invalid' }));
  });

  it('is shown with JSON schemas and its default configuration', () => {
    const shown = describeBlueprint(scripted);

    expect(shown).toMatchObject({
      name: 'scripted',
      inputSchema: { type: 'object', required: ['act'], additionalProperties: false },
      defaultConfig: { maxIterations: 3, timeoutSeconds: 5 },
    });
    expect(shown.tools[4]).toEqual({
      name: 'pay',
      description: 'Pays',
      version: '1.0.0',
      effect: 'write',
      requiresApproval: true,
    });
  });
});

describe('defineBlueprint', () => {
  it('refuses two tools of one name', () => {
    expect(() => defineBlueprint({ ...definition, tools: [echo, echo] })).toThrow('two tools of one name');
  });
});

describe('defineTool', () => {
  it('refuses a name that is not snake_case', () => {
    expect(() => defineTool({ ...echo, name: 'Echo!' })).toThrow('snake_case');
  });
});
