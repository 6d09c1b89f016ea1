export * from './agent.js';
export * from './blueprint.js';
export * from './failure.js';
export * from './human.js';
export * from './json.js';
export * from './step-context.js';
export * from './task.js';
export * from './tool.js';
