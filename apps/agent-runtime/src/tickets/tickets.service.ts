import { Injectable } from '@nestjs/common';
import type { NewTicket, TicketsPort } from '@support101/agent-kit';
import type { AgentId, TenantCaller } from '@support101/contracts';
import { ticketCreated } from '@support101/contracts/agent-runtime';
import { Outbox } from '@support101/messaging';
import { Clock, newId, ServiceDatabase } from '@support101/service-kit';
import { EffectsService, type EffectKey } from '../effects/effects.service.js';
import { TicketsRepository } from './tickets.repository.js';

/** The call that opens a ticket, and the worker that makes it. */
export interface TicketCall {
  readonly effect: EffectKey;
  readonly fence: number;
  readonly agentId: AgentId;
  readonly caller: TenantCaller;
}

/** Tickets that runs open for customers. */
@Injectable()
export class TicketsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: TicketsRepository,
    private readonly effects: EffectsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** What a tool sees of tickets: the ticket, its entry in the ledger and the fact become true together. */
  of(call: TicketCall): TicketsPort {
    return { create: (ticket) => this.#create(ticket, call) };
  }

  #create(ticket: NewTicket, { effect, fence, agentId, caller }: TicketCall): Promise<{ ticketId: string }> {
    const { tenantId, runId, step, tool, position } = effect;
    const ticketId = newId('tkt');
    return this.database.forTenant(tenantId, async (tx) => {
      await this.effects.commit(tx, effect, fence, { ticketId });
      const effectKey = `${runId}:${step}:${position}:${tool}`;
      await this.repository.insert(tx, { ...ticket, tenantId, ticketId, runId, agentId, effectKey, at: this.clock.now() });
      const { subject, priority, customerId } = ticket;
      const about = customerId === undefined ? {} : { customerId };
      await this.outbox.record(tx, ticketCreated, { ticketId, runId, agentId, subject, priority, ...about }, caller);
      return { ticketId };
    });
  }
}
