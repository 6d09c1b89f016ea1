import type { EventContract, EventId, TenantId } from '@support101/contracts';
import type { Delivery } from '@support101/messaging';
import { newId } from '@support101/service-kit';
import { anExampleOf } from '@support101/testing';

/** An event as the durable `usage` gets it, with what the test leaves out made up. */
export function deliveryOf<E extends EventContract>(
  contract: E,
  tenantId: TenantId,
  overrides: Record<string, unknown>,
  { id = newId('evt'), time }: { id?: EventId; time: string },
): Delivery<E> {
  const data = anExampleOf<E['data']>(contract.data, overrides as never);
  const event = {
    specversion: '1.0' as const,
    id,
    source: '/support101/test',
    type: contract.type,
    subject: contract.resource(data),
    time,
    datacontenttype: 'application/json' as const,
    tenantid: tenantId,
    principaltype: 'service',
    principalid: 'test',
    outcome: 'success',
    correlationid: 'test',
    data,
  };
  return {
    event,
    caller: { principal: { type: 'service', id: 'test', roles: [] }, correlationId: 'test', tenantId },
    durable: 'usage',
    attempt: 1,
    signal: AbortSignal.timeout(60_000),
  };
}
