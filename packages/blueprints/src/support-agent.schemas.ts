import { configSchema, KnowledgeHit } from '@support101/agent-kit';
import { text } from '@support101/contracts';
import { z } from 'zod';

/** What a customer asks, with the conversation so far (oldest first). */
export const SupportInput = z.strictObject({
  query: text(2000).refine((query) => query.trim() !== '', 'must not be blank'),
  history: z
    .array(z.strictObject({ role: z.enum(['user', 'assistant']), content: text(4000) }))
    .max(50)
    .optional(),
  customerId: text(200).optional(),
});
export type SupportInput = z.output<typeof SupportInput>;

/** Something an answer rests on: an article, or a golden path (what a person answered before). */
export const Source = z.strictObject({
  articleId: z.string().optional(),
  pathId: z.string().optional(),
  title: z.string(),
  url: z.string().optional(),
  kind: z.enum(['article', 'golden_path']),
});
export type Source = z.output<typeof Source>;

/** The answer for the customer. */
export const SupportOutput = z.strictObject({
  /** Markdown. */
  answer: z.string().min(1).max(20_000),
  sources: z.array(Source),
  /** 0..1: how sure the agent is that this answers the query; 1 when a person gave or approved it. */
  confidence: z.number().min(0).max(1),
  answeredBy: z.enum(['agent', 'person']),
  /** What the question is about, told by its words; `general` where they do not tell. */
  category: z.string(),
});
export type SupportOutput = z.output<typeof SupportOutput>;

/** What an operator can set. */
export const SupportConfig = configSchema(
  { maxIterations: 5, timeoutSeconds: 60, fewestIterations: 5 },
  {
    /** An answer below it is not given. */
    confidenceThreshold: z.number().min(0.1).max(1).default(0.75),
    /** How many passages are looked at. */
    topK: z.int().min(1).max(20).default(5),
    /** What happens with a question the agent cannot answer: a person is asked, or the run fails by name. */
    whenUnsure: z.enum(['fail', 'ask_person']).default('ask_person'),
    /** Whether a ticket is opened for a question before a person is asked. */
    openTicket: z.boolean().default(false),
  },
);
export type SupportConfig = z.output<typeof SupportConfig>;

/** A composed answer and what the check made of it. */
export const Draft = z.strictObject({
  answer: z.string(),
  citations: z.array(z.string()),
  check: z
    .strictObject({ confidence: z.number(), retrieval: z.number(), coverage: z.number(), groundedness: z.number() })
    .optional(),
});
export type Draft = z.output<typeof Draft>;

/** All the agent knows of a run. */
export const SupportState = z.strictObject({
  query: z.string(),
  history: SupportInput.shape.history.unwrap(),
  customerId: z.string().optional(),
  /** What is searched for: the query, with what it refers back to. */
  search: z.string(),
  hits: z.array(KnowledgeHit).optional(),
  /** Sentences of the passages that were put aside because they address a model. */
  withheld: z.int().optional(),
  /** Null when the passages do not answer the query. */
  draft: Draft.nullable().optional(),
  /** The ticket that was opened for the question. */
  ticketId: z.string().optional(),
  /** What a person answered. */
  decided: z.strictObject({ answer: z.string(), sources: z.array(Source) }).optional(),
});
export type SupportState = z.output<typeof SupportState>;
