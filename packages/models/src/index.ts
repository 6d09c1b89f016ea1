export type { Embedder } from './embedder.js';
export { estimateTokens, localModelName } from './local-tasks.js';
export { openModels, type ModelOptions, type Models } from './open-models.js';
export { callLimits, type CallLimits } from './openai-client.js';
export { listPrices, type Price } from './prices.js';
