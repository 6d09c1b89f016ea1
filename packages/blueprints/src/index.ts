import type { Blueprint } from '@support101/agent-kit';
import { createTicket } from './create-ticket.tool.js';
import { supportAgent } from './support-agent.blueprint.js';

export { createTicket, supportAgent };

/** Every blueprint that comes with the platform. */
export const builtInBlueprints: readonly Blueprint[] = [supportAgent];
