export * from './webhook-gateway/inbound.contract.js';
export * from './webhook-gateway/sources.contract.js';
export * from './webhook-gateway/webhook-source.js';
