import { Inject, Injectable } from '@nestjs/common';
import {
  effectKeyOf,
  isRunFailure,
  RunFailure,
  stepContext,
  type Blueprint,
  type RunConfig,
  type StepContext,
  type TaskRunner,
  type ToolCall,
  type Usage,
} from '@support101/agent-kit';
import { isDomainError, type AgentId, type RunId, type TenantCaller } from '@support101/contracts';
import { Clock } from '@support101/service-kit';
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
  readonly signal: AbortSignal;
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
}

/** The one way a step reaches anything outside itself: allowed tools, checked arguments, time limits, a record of each call. */
@Injectable()
export class ToolsService {
  constructor(
    private readonly knowledge: KnowledgeClient,
    private readonly clock: Clock,
    @Inject(MODEL) private readonly model: Model,
  ) {}

  open(scope: ToolScope): Toolbox {
    const calls: ToolRecord[] = [];
    const { context, usage } = stepContext({
      ...scope,
      tenantId: scope.caller.tenantId,
      knowledge: this.knowledge.of(scope.caller),
      tasks: this.model.tasks,
      model: this.model.name,
      now: () => this.clock.now(),
      aroundTool: (call) => this.#record(call, scope, calls),
    });
    return { context, usage, calls };
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
      note(isRunFailure(error) || isDomainError(error) ? error.code : 'stopped');
      throw error;
    }
  }

  async #run(call: ToolCall, scope: ToolScope): Promise<unknown> {
    const { tool } = call;
    // Effects and approvals need their ledger first: until then such a call is refused, never made on trust.
    if (tool.requiresApproval) throw new RunFailure('tool_needs_approval', `${tool.name} needs a person's approval.`);
    if (tool.effect === 'write') throw new RunFailure('tool_not_allowed', `${tool.name} has effects outside the run.`);
    return call.execute(effectKeyOf(scope, call));
  }
}
