export * from './gateway/streams.contract.js';
