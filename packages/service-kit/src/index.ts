export * from './clock.js';
export * from './health.js';
export * from './log.js';
export * from './new-id.js';
export * from './settings.js';
export * from './telemetry.js';
