export * from './hitl/request.js';
export * from './hitl/requests.contract.js';
