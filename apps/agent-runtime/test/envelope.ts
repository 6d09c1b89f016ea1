import type { DataOf, EventContract, EventEnvelope, EventId, TenantId } from '@support101/contracts';
import type { Run, runHumanRequested } from '@support101/contracts/agent-runtime';
import { requestDecided } from '@support101/contracts/hitl';
import { newId } from '@support101/service-kit';

/** An event as another service publishes it. */
export function envelopeOf<E extends EventContract>(
  contract: E,
  tenantId: TenantId,
  data: DataOf<E>,
  id: EventId = newId('evt'),
): EventEnvelope {
  return {
    specversion: '1.0',
    id,
    source: '/support101/tenancy',
    type: contract.type,
    subject: contract.resource(data),
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    tenantid: tenantId,
    data,
    principaltype: 'platform',
    principalid: 'platform',
    outcome: 'success',
    correlationid: 'cor_of_a_test',
  };
}

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
