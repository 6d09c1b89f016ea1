import { defineTool, KnowledgeHit } from '@support101/agent-kit';
import { z } from 'zod';

/** Searches the tenant's knowledge: articles, and what people answered before. */
export const searchKnowledgeBase = defineTool({
  name: 'search_knowledge_base',
  description: 'Find the passages of the knowledge base that answer a question',
  version: '1.0.0',
  input: z.strictObject({ query: z.string().min(1).max(2000), topK: z.int().min(1).max(20) }),
  output: z.object({ hits: z.array(KnowledgeHit) }),
  effect: 'read',
  timeoutMs: 10_000,
  execute: async ({ query, topK }, { knowledge, signal }) => ({ hits: [...(await knowledge.search(query, topK, signal))] }),
});
