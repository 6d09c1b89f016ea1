import type { RequestId, TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { type Engine, prepareSchema, type Prepared } from '@support101/service-testing';
import { hitlService } from '../src/app.module.js';
import { type NewRequest, type RequestRow, RequestsRepository } from '../src/requests/requests.repository.js';
import { ranks } from '../src/requests/requests.rules.js';

/** Makes a database on the engine and migrates it. */
export const prepare = (engine: Engine): Promise<Prepared> => prepareSchema(hitlService, engine);

/** When the requests of tests are opened, unless they say otherwise. */
export const openedAt = new Date('2026-01-05T09:00:00Z');

/** A request as it is when it is opened. */
export function aRequest(tenantId: TenantId, over: Partial<NewRequest> = {}): NewRequest {
  const { priority = 'medium', createdAt = openedAt } = over;
  return {
    ...{ tenantId, requestId: newId('req'), type: 'review', priority, rank: ranks[priority], title: 'Reset “ünïcode” 🙂' },
    ...{ question: 'How?', options: ['approve', 'edit', 'reject'], action: null, draft: null, evidence: [], context: {} },
    ...{ skills: [], runId: null, agentId: null, escalation: null, origin: 'run', correlationId: 'cor_of_a_test', createdAt },
    slaWarnAt: new Date(createdAt.getTime() + 45 * 60_000),
    slaDeadline: new Date(createdAt.getTime() + 60 * 60_000),
    expiresAt: null,
    ...over,
  };
}

/** Writes a request and gives its row. */
export async function insertRequest(
  { database }: Prepared,
  tenantId: TenantId,
  over: Partial<NewRequest> = {},
  nextDueAt?: Date | null,
): Promise<RequestRow> {
  const request = aRequest(tenantId, over);
  const due = nextDueAt === undefined ? request.slaWarnAt : nextDueAt;
  const row = await database.forTenant(tenantId, (tx) => new RequestsRepository().insert(tx, request, due));
  if (row === undefined) throw new Error('the request is there already');
  return row;
}

/** The ids of rows, in their order. */
export function idsOf(rows: readonly { readonly requestId: RequestId }[]): RequestId[] {
  return rows.map(({ requestId }) => requestId);
}
