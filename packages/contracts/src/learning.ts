export * from './learning/knowledge.contract.js';
