import { Caller, DomainError, Principal, TenantId } from '@support101/contracts';

/** The names of the headers that messages carry, all lower case. */
export const headerNames = {
  tenant: 's101-tenant',
  principal: 's101-principal',
  correlation: 's101-correlation',
  causation: 's101-causation',
  /** Unix milliseconds after which nobody waits any more. */
  deadline: 's101-deadline',
  idempotencyKey: 's101-idempotency-key',
  /** On a reply: the body is a problem with this code. */
  problem: 's101-problem',
  traceparent: 'traceparent',
  /** On a reply: the answer is a stored one. */
  idempotencyReplayed: 'idempotency-replayed',
} as const;

type Headers = Readonly<Record<string, string>>;

/** The headers that carry a caller. */
export function callerToHeaders(caller: Caller): Record<string, string> {
  const headers: Record<string, string> = {
    [headerNames.principal]: JSON.stringify(caller.principal),
    [headerNames.correlation]: encodeURIComponent(caller.correlationId),
  };
  if (caller.tenantId !== undefined) headers[headerNames.tenant] = caller.tenantId;
  if (caller.causationId !== undefined) headers[headerNames.causation] = encodeURIComponent(caller.causationId);
  if (caller.traceparent !== undefined) headers[headerNames.traceparent] = caller.traceparent;
  if (caller.deadlineAt !== undefined) headers[headerNames.deadline] = String(Math.ceil(caller.deadlineAt));
  if (caller.idempotencyKey !== undefined) headers[headerNames.idempotencyKey] = encodeURIComponent(caller.idempotencyKey);
  return headers;
}

/** The caller in the headers of a message; throws `unauthenticated` without a valid principal, `validation_failed` for the rest. */
export function callerFromHeaders(headers: Headers): Caller {
  const principal = Principal.safeParse(parseJson(headers[headerNames.principal]));
  if (!principal.success) throw new DomainError('unauthenticated', 'The message names no valid principal.');
  const tenant = headers[headerNames.tenant];
  if (tenant !== undefined && !TenantId.safeParse(tenant).success) {
    throw new DomainError('validation_failed', 'The message names a tenant id that is not one.');
  }
  const caller = Caller.safeParse({
    principal: principal.data,
    correlationId: decode(headers[headerNames.correlation]),
    tenantId: tenant,
    causationId: decode(headers[headerNames.causation]),
    traceparent: headers[headerNames.traceparent],
    deadlineAt: deadlineOf(headers),
    idempotencyKey: decode(headers[headerNames.idempotencyKey]),
  });
  if (!caller.success)
    throw new DomainError('validation_failed', `The message's headers are not valid: ${describe(caller.error.issues)}`);
  return caller.data;
}

/** The correlation id in the headers of a message that may be anything. */
export function correlationOf(headers: Headers): string | undefined {
  try {
    return decode(headers[headerNames.correlation])?.slice(0, 200);
  } catch {
    return undefined;
  }
}

function deadlineOf(headers: Headers): number | undefined {
  const value = headers[headerNames.deadline];
  return value === undefined ? undefined : Number(value);
}

function decode(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    throw new DomainError('validation_failed', 'A header of the message is not valid percent-encoding.');
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describe(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  return issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`).join('; ');
}
