export type { Embedder } from './embedder.js';
export { estimateTokens, localModelName } from './local-tasks.js';
export { openModels, type Models } from './open-models.js';
export * from './process-models.js';
export type { CallLimits } from './openai-client.js';
export type { ModelOptions } from './openai-models.js';
export { listPrices, type Price } from './prices.js';
