import { isDomainError } from '@support101/contracts';
import type { z } from 'zod';
import type { StepContext } from './agent.js';
import type { Blueprint, RunConfig } from './blueprint.js';
import { RunFailure, isRunFailure } from './failure.js';
import { addUsage, noUsage, type Task, type TaskRunner, type Usage } from './task.js';
import type { KnowledgePort, TicketsPort, Tool } from './tool.js';

/** A tool call that passed the checks and is about to run. */
export interface ToolCall {
  readonly tool: Tool;
  /** The parsed input. */
  readonly input: unknown;
  /** Position among the tool calls of this step, from 0. */
  readonly index: number;
  /** Runs the tool with the given effect key, checks its output. Call it once. `edited` are arguments in place of the agent's. */
  execute(effectKey: string, edited?: unknown): Promise<unknown>;
}

/** What one step of one run needs from its surroundings. */
export interface StepSurroundings {
  readonly blueprint: Blueprint;
  readonly config: RunConfig;
  readonly tenantId: string;
  readonly agentId: string;
  readonly runId: string;
  /** Number of the step within the run, from 0. */
  readonly step: number;
  readonly knowledge: KnowledgePort;
  /** The tickets port of one tool call. */
  tickets(call: Pick<ToolCall, 'tool' | 'index'>): TicketsPort;
  readonly tasks: TaskRunner;
  /** Name of the chat model, for usage before the first call. */
  readonly model: string;
  readonly signal: AbortSignal;
  now(): Date;
  /** Told of every tool call that passed the checks, before it runs. */
  onToolCall?(call: ToolCall): void;
  /**
   * Stands around every tool call: approval, effect ledger, audit. Without it, read tools run and a tool that needs
   * approval is refused.
   */
  aroundTool?(call: ToolCall): Promise<unknown>;
}

/** Makes a step's context. `usage()` is the sum of the model calls so far. Both the runtime and the harness use it. */
export function stepContext(surroundings: StepSurroundings): { context: StepContext; usage(): Usage } {
  const { config, signal, tasks } = surroundings;
  let usage = noUsage(surroundings.model);
  let calls = 0;
  const context: StepContext = {
    config,
    signal,
    now: () => surroundings.now(),
    tools: {
      call: async <In extends z.ZodType, Out extends z.ZodType>(tool: Tool<In, Out>, input: z.input<In>) =>
        (await callTool(surroundings, tool, input, calls++)) as z.output<Out>,
    },
    tasks: {
      run: async <Input, Output>(task: Task<Input, Output>, input: Input) => {
        signal.throwIfAborted();
        const answer = await tasks.run(task, input, { signal });
        usage = addUsage(usage, answer.usage);
        return answer.output;
      },
    },
  };
  return { context, usage: () => usage };
}

async function callTool(surroundings: StepSurroundings, named: Tool, rawInput: unknown, index: number): Promise<unknown> {
  surroundings.signal.throwIfAborted();
  const tool = surroundings.blueprint.tools.find((candidate) => candidate.name === named.name);
  if (tool === undefined) throw new RunFailure('tool_unknown', `${surroundings.blueprint.name} has no tool ${named.name}.`);
  const allowed = surroundings.config.allowedTools;
  if (allowed !== undefined && !allowed.includes(tool.name)) {
    throw new RunFailure('tool_not_allowed', `The agent's configuration does not allow ${tool.name}.`);
  }
  const input = checkedInput(tool, rawInput);
  const call: ToolCall = {
    tool,
    input,
    index,
    execute: (effectKey, edited) =>
      execute(surroundings, { tool, index }, edited === undefined ? input : checkedInput(tool, edited), effectKey),
  };
  surroundings.onToolCall?.(call);
  if (surroundings.aroundTool !== undefined) return surroundings.aroundTool(call);
  if (tool.requiresApproval) throw new RunFailure('tool_needs_approval', `${tool.name} needs a person's approval.`);
  return call.execute(effectKeyOf(surroundings, call));
}

function checkedInput(tool: Tool, given: unknown): unknown {
  const input = tool.input.safeParse(given);
  if (input.success) return input.data;
  throw new RunFailure('tool_input_invalid', `${tool.name}: ${input.error.issues[0]?.message}`, { cause: input.error });
}

/** The stable key of a tool call's effect: the same after a crash, another for every other call. */
export function effectKeyOf(at: Pick<StepSurroundings, 'runId' | 'step'>, call: Pick<ToolCall, 'tool' | 'index'>): string {
  return `${at.runId}:${at.step}:${call.index}:${call.tool.name}`;
}

async function execute(
  surroundings: StepSurroundings,
  at: Pick<ToolCall, 'tool' | 'index'>,
  input: unknown,
  effectKey: string,
): Promise<unknown> {
  const { tool } = at;
  const { tenantId, agentId, runId, knowledge } = surroundings;
  const timeout = AbortSignal.timeout(tool.timeoutMs);
  const signal = AbortSignal.any([surroundings.signal, timeout]);
  let answer: unknown;
  try {
    const tickets = surroundings.tickets(at);
    const now = (): Date => surroundings.now();
    const work = tool.execute(input, { tenantId, agentId, runId, effectKey, signal, knowledge, tickets, now });
    answer = await untilAborted(work, signal);
  } catch (error) {
    surroundings.signal.throwIfAborted();
    if (timeout.aborted)
      throw new RunFailure('tool_timed_out', `${tool.name} took longer than ${tool.timeoutMs} ms.`, { cause: error });
    if (isRunFailure(error) || isDomainError(error)) throw error;
    throw new RunFailure('tool_failed', `${tool.name} failed.`, { cause: error });
  }
  const output = tool.output.safeParse(answer);
  if (!output.success)
    throw new RunFailure('tool_output_invalid', `${tool.name} answered in the wrong shape.`, { cause: output.error });
  return output.data;
}

// A tool that ignores its signal must not hold the step.
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
