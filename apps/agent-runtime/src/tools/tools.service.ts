import { Inject, Injectable } from '@nestjs/common';
import {
  effectKeyOf,
  isRunFailure,
  stepContext,
  toPlainObject,
  type Blueprint,
  type RunConfig,
  type StepContext,
  type TaskRunner,
  type ToolCall,
  type Usage,
} from '@support101/agent-kit';
import { isDomainError, type AgentId, type RunId, type TenantCaller } from '@support101/contracts';
import { Clock } from '@support101/service-kit';
import { EffectsService } from '../effects/effects.service.js';
import { approvalOf, effectStep, verdictOn } from '../platform/decisions.js';
import { approvalQuestion, effectQuestion, type Asked, type CallPlace, type Question } from '../platform/questions.js';
import { TicketsService } from '../tickets/tickets.service.js';
import { KnowledgeClient } from './tools.client.js';

/** Token of the model that tasks run on. */
export const MODEL = Symbol('Model');

/** The model that tasks run on, and its name. */
export interface Model {
  readonly tasks: TaskRunner;
  readonly name: string;
}

/** The step that tools are called in. */
export interface ToolScope {
  readonly blueprint: Blueprint;
  readonly config: RunConfig;
  readonly caller: TenantCaller;
  readonly agentId: AgentId;
  readonly runId: RunId;
  readonly step: number;
  /** Of the worker that has the run. */
  readonly fence: number;
  /** What people decided about the run so far. */
  readonly asked: readonly Asked[];
  readonly signal: AbortSignal;
  /** Resolves when anything may leave the process: the steps before are in the journal. Throws when the run is stopped. */
  mayLeave(): Promise<void>;
}

/** What became of one tool call. */
export interface ToolRecord {
  readonly tool: string;
  readonly outcome: string;
  readonly durationMs: number;
}

/** What a step works with, and what it has used so far. */
export interface Toolbox {
  readonly context: StepContext;
  readonly calls: readonly ToolRecord[];
  usage(): Usage;
  /** What a person must decide about a call before the step can be carried out; whatever the step makes of it. */
  question(): Question | undefined;
}

/** Ends a step that cannot go on before a person has decided about a call. */
class Unanswered extends Error {
  constructor(readonly question: Question) {
    super(question.interrupt.title);
  }
}

/**
 * The one way a step reaches anything outside itself: allowed tools, checked arguments, time limits, a record of each call.
 * Nothing is reached before all steps before are in the journal: what it leads to can then never outlive its reasons.
 */
@Injectable()
export class ToolsService {
  constructor(
    private readonly knowledge: KnowledgeClient,
    private readonly effects: EffectsService,
    private readonly tickets: TicketsService,
    private readonly clock: Clock,
    @Inject(MODEL) private readonly model: Model,
  ) {}

  open(scope: ToolScope): Toolbox {
    const calls: ToolRecord[] = [];
    let question: Question | undefined;
    const { caller, agentId, fence } = scope;
    const { context, usage } = stepContext({
      ...scope,
      tenantId: caller.tenantId,
      knowledge: this.knowledge.of(caller),
      tickets: (call) => this.tickets.of({ effect: keyOf(call, scope), fence, agentId, caller }),
      tasks: { run: (task, input, options) => scope.mayLeave().then(() => this.model.tasks.run(task, input, options)) },
      model: this.model.name,
      now: () => this.clock.now(),
      aroundTool: async (call) => {
        try {
          return await this.#record(call, scope, calls);
        } catch (error) {
          if (error instanceof Unanswered) question ??= error.question;
          throw error;
        }
      },
    });
    return { context, usage, calls, question: () => question };
  }

  async #record(call: ToolCall, scope: ToolScope, calls: ToolRecord[]): Promise<unknown> {
    const startedAt = performance.now();
    const note = (outcome: string): void => {
      calls.push({ tool: call.tool.name, outcome, durationMs: Math.round(performance.now() - startedAt) });
    };
    try {
      const answer = await this.#run(call, scope);
      note('success');
      return answer;
    } catch (error) {
      note(outcomeOf(error));
      throw error;
    }
  }

  async #run(call: ToolCall, scope: ToolScope): Promise<unknown> {
    await scope.mayLeave();
    const { tool } = call;
    const key = keyOf(call, scope);
    const given = toPlainObject(call.input) as CallArguments;
    const approval = tool.requiresApproval
      ? approvalOf({ at: key, toolVersion: tool.version, arguments: given }, scope.asked, key)
      : undefined;
    if (tool.requiresApproval && approval === undefined) {
      throw new Unanswered(approvalQuestion(placeOf(key), tool.version, given));
    }
    const execute = (): Promise<unknown> =>
      call.execute(effectKeyOf({ runId: key.runId, step: key.step }, call), approval?.edited);
    if (tool.effect === 'read') return execute();
    return this.effects.perform({
      ...key,
      toolVersion: tool.version,
      arguments: approval?.edited ?? given,
      requestId: approval?.requestId ?? null,
      fence: scope.fence,
      atomic: tool.atomic,
      verdict: (attempt) => verdictOn(key, attempt, scope.asked),
      call: execute,
      ask: (attempt) => {
        throw new Unanswered(effectQuestion(placeOf(key), attempt, tool.version, given));
      },
    });
  }
}

type CallArguments = Parameters<typeof approvalQuestion>[2];

function keyOf({ tool, index }: Pick<ToolCall, 'tool' | 'index'>, { caller, runId, step, asked }: ToolScope) {
  return { tenantId: caller.tenantId, runId, step: effectStep(step, asked), tool: tool.name, position: index };
}

function placeOf({ step, position, tool }: CallPlace): CallPlace {
  return { step, position, tool };
}

function outcomeOf(error: unknown): string {
  if (error instanceof Unanswered) return 'needs_person';
  return isRunFailure(error) || isDomainError(error) ? error.code : 'stopped';
}
