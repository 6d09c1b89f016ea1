export * from './agent-runtime/agents.contract.js';
export * from './agent-runtime/blueprints.contract.js';
export * from './agent-runtime/human.contract.js';
export * from './agent-runtime/runs.contract.js';
export * from './agent-runtime/tickets.contract.js';
