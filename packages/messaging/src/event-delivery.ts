import { SpanKind } from '@opentelemetry/api';
import { Principal, toIssues, type EventContract, type EventEnvelope, type TenantCaller } from '@support101/contracts';
import type { Delivery } from './answers.js';
import { currentTraceparent, inSpan, remoteContext } from './tracing.js';
import { Undeliverable } from './transport.js';

/** Gives one event to a bound method: parsed if there is a contract, with its caller, in a span of the event's own trace. */
export function deliver(
  contract: EventContract | undefined,
  durable: string,
  delivered: { readonly event: EventEnvelope; readonly attempt: number; readonly signal: AbortSignal },
  invoke: (delivery: Delivery) => Promise<unknown>,
): Promise<void> {
  const { event, attempt, signal } = delivered;
  const options = {
    kind: SpanKind.CONSUMER,
    attributes: { 'messaging.system': 'support101', 'messaging.destination.name': event.type, 'support101.durable': durable },
    parent: remoteContext(event.traceparent),
  };
  return inSpan(`consume ${event.type}`, options, async () => {
    const data = contract === undefined ? event.data : parse(contract, event);
    await invoke({ event: { ...event, data }, caller: callerOf(event), durable, attempt, signal });
  });
}

function parse(contract: EventContract, event: EventEnvelope): Record<string, unknown> {
  const data = contract.data.safeParse(event.data);
  if (data.success) return data.data;
  const wrong = toIssues(data.error).map((issue) => `${issue.path || '/'}: ${issue.message}`);
  throw new Undeliverable(`the data does not fit ${event.type}: ${wrong.join('; ')}`);
}

/** Who caused the event, acting on: what the consumer does carries the same correlation, and the event as cause. */
function callerOf(event: EventEnvelope): TenantCaller {
  const type = Principal.shape.type.safeParse(event.principaltype);
  const traceparent = currentTraceparent() ?? event.traceparent;
  return {
    tenantId: event.tenantid,
    principal: { type: type.success ? type.data : 'service', id: event.principalid, roles: [] },
    correlationId: event.correlationid,
    causationId: event.id,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}
