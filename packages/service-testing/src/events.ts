import type { DataOf, EventContract, EventEnvelope, TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';

/** An event with the data of its contract. */
export type Told<E extends EventContract> = EventEnvelope & { data: DataOf<E> };

/** An event as another service publishes it: caused by the platform now, unless `given` says otherwise. */
export function envelopeOf<E extends EventContract>(
  contract: E,
  tenantId: TenantId,
  data: DataOf<E>,
  given: Partial<EventEnvelope> = {},
): EventEnvelope {
  return {
    specversion: '1.0',
    id: newId('evt'),
    source: '/support101/test',
    type: contract.type,
    subject: contract.resource(data),
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    tenantid: tenantId,
    principaltype: 'platform',
    principalid: 'platform',
    outcome: contract.outcome(data),
    correlationid: 'cor_of_a_test',
    data,
    ...given,
  };
}
