import {
  BaseAgent,
  configSchema,
  defineBlueprint,
  defineTask,
  defineTool,
  RunFailure,
  type Action,
  type Decision,
  type Plan,
  type StepContext,
  type StepResult,
} from '@support101/agent-kit';
import { createTicket } from '@support101/blueprints';
import { DomainError } from '@support101/contracts';
import { z } from 'zod';

const Order = z.object({
  /** What the step does; every test that needs another behaviour adds a word here. */
  do: z.enum([
    'note',
    'think',
    'search',
    'ask',
    'wait',
    'hang',
    'flake',
    'crash',
    'refuse',
    'write',
    'approve',
    'interrupt',
    'signal',
    'ticket',
    'pester',
    'nul',
  ]),
  text: z.string().default(''),
  ms: z.number().default(0),
});
const Input = z.strictObject({ script: z.array(Order), end: z.enum(['finish', 'fail', 'wrong']).default('finish') });
const State = z.object({ ...Input.shape, done: z.number(), notes: z.array(z.string()) });
const Config = configSchema({ maxIterations: 10, timeoutSeconds: 30 }, { tone: z.enum(['warm', 'short']).default('warm') });
type State = z.output<typeof State>;

/** What the steps of all runs did, in order: the oracle of the tests in this process. */
export const deeds: { runId: string; text: string }[] = [];

let beforeDeed = async (_runId: string): Promise<void> => undefined;

/** Has something done each time a tool is about to remember that it was called. */
export function onDeed(run: (runId: string) => Promise<void>): void {
  beforeDeed = run;
}

let beforeResume = (): void => undefined;

/** Has something done each time an agent is about to go on. */
export function onResume(run: () => void): void {
  beforeResume = run;
}

/** How many more times a flaky step fails, by its text. */
export const flaws = new Map<string, number>();

const search = defineTool({
  name: 'search',
  description: 'Searches the knowledge base.',
  version: '1.0.0',
  effect: 'read',
  input: z.object({ query: z.string().min(1) }),
  output: z.object({ titles: z.array(z.string()) }),
  timeoutMs: 2_000,
  execute: async ({ query }, { knowledge, signal }) => ({
    titles: (await knowledge.search(query, 3, signal)).map((hit) => hit.title),
  }),
});

const deed = defineTool({
  name: 'deed',
  description: 'Remembers that it was called.',
  version: '1.0.0',
  effect: 'read',
  input: z.object({ text: z.string() }),
  output: z.object({}),
  timeoutMs: 2_000,
  execute: async ({ text }, { runId }) => {
    await beforeDeed(runId);
    deeds.push({ runId, text });
    return {};
  },
});

const write = defineTool({ ...deed, name: 'write', description: 'Changes the world.', effect: 'write' });
const pay = defineTool({ ...deed, name: 'pay', description: 'Needs a person.', effect: 'write', requiresApproval: true });

const shaky = defineTool({
  ...write,
  name: 'shaky',
  description: 'Changes the world, and does not always say so.',
  execute: async ({ text }, { runId }) => {
    deeds.push({ runId, text });
    if (take(text)) throw new DomainError('deadline_exceeded', 'No answer.');
    return {};
  },
});

const toolFor: Readonly<Record<string, typeof deed>> = { write, approve: pay, pester: shaky };

/** What reaches nothing. */
const thoughts: Readonly<Record<string, (text: string) => string>> = { think: (text) => text, nul: () => 'a\u0000b' };

const echo = defineTask({
  name: 'echo',
  instructions: 'Say it back.',
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string() }),
  offline: ({ text }) => ({ text: text.toUpperCase() }),
});

class Scripted extends BaseAgent<z.output<typeof Input>, { notes: string[] }, State, z.output<typeof Config>> {
  start(input: z.output<typeof Input>): State {
    return { ...input, done: 0, notes: [] };
  }

  plan(state: State): Plan<{ notes: string[] }> {
    const order = state.script[state.done];
    if (order !== undefined) return { action: order.do, input: order };
    if (state.end === 'fail') return { fail: 'no_supported_answer', detail: 'Nothing supports an answer.' };
    if (state.end === 'wrong') return { finish: { notes: 'not a list' as unknown as string[] }, outcome: 'resolved' };
    return { finish: { notes: state.notes }, outcome: 'resolved' };
  }

  async executeStep(state: State, action: Action, context: StepContext<z.output<typeof Config>>): Promise<StepResult<State>> {
    const order = Order.parse(action.input);
    const note = await this.#carryOut(order, context);
    const next = { ...state, done: state.done + 1, notes: [...state.notes, note] };
    if (order.do === 'signal') return { result: { note }, state: next, signals: { topic: order.text } };
    if (order.do !== 'interrupt') return { result: { note }, state: next };
    const interrupt = { type: 'clarification', title: 'Which?', question: 'Which one?', priority: 'low' } as const;
    return { result: { note }, state: next, interrupt: { ...interrupt, options: ['respond', 'reject'] } };
  }

  override resume(state: State, { decision, response }: Decision): State {
    beforeResume();
    if (decision === 'reject') throw new RunFailure('rejected_by_reviewer');
    return { ...state, notes: [...state.notes, `${decision}: ${response ?? ''}`] };
  }

  async #carryOut({ do: what, text, ms }: z.output<typeof Order>, context: StepContext): Promise<string> {
    const { signal, tools, tasks } = context;
    const thought = thoughts[what];
    if (thought !== undefined) return thought(text);
    switch (what) {
      case 'search':
        return (await tools.call(search, { query: text })).titles.join(', ');
      case 'ask':
        return (await tasks.run(echo, { text })).text;
      case 'wait':
        await tools.call(deed, { text });
        await until(ms, signal);
        return text;
      case 'hang':
        await tools.call(deed, { text });
        return until(ms).then(() => text);
      case 'flake':
        await tools.call(deed, { text });
        if (take(text)) throw new DomainError('service_unavailable', 'Away for a moment.');
        return text;
      case 'crash':
        throw new Error(`the secret is ${text}`);
      case 'refuse':
        throw new RunFailure('no_supported_answer', 'Nothing supports an answer.');
      case 'ticket':
        return (await tools.call(createTicket, { subject: text, description: '', priority: 'low' })).ticketId;
      default:
        await tools.call(toolFor[what] ?? deed, { text });
        return text;
    }
  }
}

function take(text: string): boolean {
  const left = flaws.get(text) ?? 0;
  flaws.set(text, left - 1);
  return left > 0;
}

function until(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

/** A blueprint whose agents do what their input says, in a given version. */
export function scripted(version: string) {
  return defineBlueprint({
    name: 'scripted',
    version,
    description: 'Does what its input says.',
    inputSchema: Input,
    outputSchema: z.object({ notes: z.array(z.string()) }),
    stateSchema: State,
    configSchema: Config,
    tools: [search, deed, write, pay, shaky, createTicket],
    agent: Scripted,
  });
}
