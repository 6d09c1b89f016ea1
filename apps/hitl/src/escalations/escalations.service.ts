import { Injectable } from '@nestjs/common';
import { type AgentId, DomainError, type InputOf, type TenantCaller } from '@support101/contracts';
import { getAgent, getRun } from '@support101/contracts/agent-runtime';
import { escalate, type HitlRequest } from '@support101/contracts/hitl';
import { CommandClient } from '@support101/messaging';
import { Clock, newId, ServiceDatabase } from '@support101/service-kit';
import { IntakeService } from '../intake/intake.service.js';
import { toRequest } from '../requests/requests.service.js';
import { manualOptions, manualRule, priorityOfLevel, titleOf } from './escalations.rules.js';

type Input = InputOf<typeof escalate>;

/** Escalations that a person or a program raises; those by rule come from the runtime. */
@Injectable()
export class EscalationsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly intake: IntakeService,
    private readonly commands: CommandClient,
    private readonly clock: Clock,
  ) {}

  async raise(input: Input, caller: TenantCaller): Promise<HitlRequest> {
    const agentId = await this.#agentOf(input, caller);
    const limit = await this.intake.limitOf(caller);
    const { runId, reason, level, priority = priorityOfLevel[level], context = {} } = input;
    const requestId = newId('req');
    return this.database.once(escalate, input, caller, async (tx) => {
      const content = {
        ...({ requestId, type: 'escalation', priority, title: titleOf(reason), question: reason } as const),
        ...{ options: [...manualOptions], evidence: [], context, agentId, escalation: { ...manualRule, level } },
        ...(runId === undefined ? {} : { runId }),
      };
      const row = await this.intake.admit(tx, content, { limit, origin: 'person' }, caller);
      if (row === undefined) throw new DomainError('limit_exceeded', `The tenant may have ${limit} open requests.`);
      return toRequest(row, this.clock.now());
    });
  }

  /** The agent that is escalated; that there are such an agent and run is for agent-runtime to say. */
  async #agentOf({ agentId, runId }: Input, caller: TenantCaller): Promise<AgentId> {
    if (runId !== undefined) {
      const run = await this.commands.call(getRun, { runId }, withoutKey(caller));
      if (agentId !== undefined && agentId !== run.agentId) refuse('is not the agent of the run');
      return run.agentId;
    }
    if (agentId === undefined) return refuse('or runId is needed');
    await this.commands.call(getAgent, { agentId }, withoutKey(caller));
    return agentId;
  }
}

function refuse(message: string): never {
  const issue = { path: '/agentId', message };
  throw new DomainError('validation_failed', `${issue.path}: ${message}`, { issues: [issue] });
}

/** The key is for the whole command, not for the questions it takes. */
function withoutKey(caller: TenantCaller): TenantCaller {
  const { idempotencyKey: _, ...rest } = caller;
  return rest;
}
