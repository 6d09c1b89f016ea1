import type { DataOf } from '@support101/contracts';
import type { Run, runHumanRequested } from '@support101/contracts/agent-runtime';
import type { requestDecided } from '@support101/contracts/hitl';

/** What hitl says of a request when a person has decided it. */
export function decided(
  { runId, agentId }: Pick<Run, 'runId' | 'agentId'>,
  request: Pick<DataOf<typeof runHumanRequested>, 'requestId' | 'type' | 'priority'>,
  decision: Pick<DataOf<typeof requestDecided>, 'decision'> & Partial<DataOf<typeof requestDecided>>,
): DataOf<typeof requestDecided> {
  const { requestId, type, priority } = request;
  const decidedBy = { type: 'user', id: 'usr_reviewer' };
  return { requestId, runId, agentId, type, priority, decidedBy, secondsToDecision: 1, version: 2, ...decision };
}
