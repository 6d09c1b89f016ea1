import { z } from 'zod';
import { RequestPriority } from '../hitl/request.js';
import { event } from '../kernel/contract.js';
import { AgentId, id, RunId } from '../kernel/ids.js';

export const TicketId = id('tkt');
export type TicketId = z.infer<typeof TicketId>;

/** A run opened a ticket for a customer. */
export const ticketCreated = event('agent-runtime.tickets.created.v1', {
  summary: 'A run opened a ticket',
  data: z.object({
    ticketId: TicketId,
    runId: RunId,
    agentId: AgentId,
    subject: z.string(),
    priority: RequestPriority,
    customerId: z.string().optional(),
  }),
  resource: (data) => `ticket:${data.ticketId}`,
  audit: 'tool_invoked',
});
