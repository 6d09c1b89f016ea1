import { defineTool, priorities } from '@support101/agent-kit';
import { z } from 'zod';

/** Opens a ticket for a customer. Through the ledger of effects: however often a step is carried out, there is one ticket. */
export const createTicket = defineTool({
  name: 'create_ticket',
  description: 'Open a ticket for a customer',
  version: '1.0.0',
  input: z.strictObject({
    subject: z.string().min(1).max(512),
    description: z.string().max(5000),
    priority: z.enum(priorities),
    customerId: z.string().max(200).optional(),
  }),
  output: z.object({ ticketId: z.string() }),
  effect: 'write',
  atomic: true,
  timeoutMs: 10_000,
  execute: async (ticket, { tickets }) => tickets.create(ticket),
});
