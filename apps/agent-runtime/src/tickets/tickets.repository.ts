import { Injectable } from '@nestjs/common';
import type { NewTicket } from '@support101/agent-kit';
import type { AgentId, Id, RunId, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';

/** A ticket as it is opened. */
export interface TicketRow extends NewTicket {
  readonly tenantId: TenantId;
  readonly ticketId: Id<'tkt'>;
  readonly runId: RunId;
  readonly agentId: AgentId;
  /** The call that opens it. */
  readonly effectKey: string;
  readonly at: Date;
}

/** Tickets in the database. */
@Injectable()
export class TicketsRepository {
  async insert(tx: Tx, row: TicketRow): Promise<void> {
    const { tenantId, ticketId, runId, agentId, customerId, subject, description, priority, effectKey, at } = row;
    await tx.query(
      `insert into tickets (tenant_id, id, run_id, agent_id, customer_id, subject, description, priority, effect_key, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [tenantId, ticketId, runId, agentId, customerId ?? null, subject, description, priority, effectKey, at],
      'tickets-insert',
    );
  }
}
