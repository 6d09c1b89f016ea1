export * from './messaging/dead-letters.contract.js';
