import { buildRegistry } from './kernel/registry.js';
import * as agentRuntime from './agent-runtime.js';
import * as gateway from './gateway.js';
import * as governance from './governance.js';
import * as hitl from './hitl.js';
import * as learning from './learning.js';
import * as messaging from './messaging.js';
import * as tenancy from './tenancy.js';
import * as webhookGateway from './webhook-gateway.js';

/** Every contract of every service. Loading it fails when two of them collide. */
export const registry = buildRegistry([
  ...[gateway, tenancy, agentRuntime, governance, hitl, learning, webhookGateway, messaging],
  ...messaging.deadLetterKeepers.map(messaging.deadLetterContracts),
]);
