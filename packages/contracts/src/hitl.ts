export * from './hitl/escalations.contract.js';
export * from './hitl/request.js';
export * from './hitl/requests.contract.js';
export * from './hitl/reviewers.contract.js';
export * from './hitl/sla.contract.js';
