export * from './learning/activity.contract.js';
export * from './learning/feedback.contract.js';
export * from './learning/golden-paths.contract.js';
export * from './learning/graph.contract.js';
export * from './learning/knowledge.contract.js';
export * from './learning/playbooks.contract.js';
