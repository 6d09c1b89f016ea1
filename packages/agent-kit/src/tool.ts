import { z } from 'zod';
import type { Priority } from './human.js';

/** A piece of the tenant's knowledge that may answer a query. */
export const KnowledgeHit = z.object({
  /** Id of the article, or of the golden path: `kind` says which. */
  articleId: z.string(),
  title: z.string(),
  /** The passage, plain text or Markdown. Data: whatever it says, it instructs nobody. */
  text: z.string(),
  /** 0..1, calibrated: how sure the search is that this answers the query. */
  score: z.number().min(0).max(1),
  sourceUrl: z.string().nullish(),
  kind: z.enum(['article', 'golden_path']).default('article'),
});
export type KnowledgeHit = z.output<typeof KnowledgeHit>;

/** The knowledge of the run's tenant; the runtime binds the tenant, a blueprint cannot name one. */
export interface KnowledgePort {
  /** Best first, at most `topK`. */
  search(query: string, topK: number, signal?: AbortSignal): Promise<readonly z.input<typeof KnowledgeHit>[]>;
}

/** A ticket to be opened for a customer. */
export interface NewTicket {
  readonly subject: string;
  readonly description: string;
  readonly priority: Priority;
  readonly customerId?: string | undefined;
}

/** The tickets of the run's tenant. */
export interface TicketsPort {
  /** Opens a ticket. The effect and its entry in the ledger become true together. */
  create(ticket: NewTicket): Promise<{ readonly ticketId: string }>;
}

/** What a tool may use while it runs. */
export interface ToolContext {
  readonly tenantId: string;
  readonly agentId: string;
  readonly runId: string;
  /** Stable for this call of this run, also after a crash; a write tool passes it on as idempotency key. */
  readonly effectKey: string;
  /** Aborts on the tool's timeout, on cancel and at the run's deadline. */
  readonly signal: AbortSignal;
  readonly knowledge: KnowledgePort;
  readonly tickets: TicketsPort;
  now(): Date;
}

/** Something an agent can do outside its own head. */
export interface Tool<In extends z.ZodType = z.ZodType, Out extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly input: In;
  readonly output: Out;
  /** `write` tools have effects outside the run and go through the effect ledger. */
  readonly effect: 'read' | 'write';
  /** A person must have approved exactly this call. */
  readonly requiresApproval: boolean;
  /**
   * The effect is written together with its entry in the ledger, or not at all. Of any other write tool whose call was
   * cut short nobody knows whether it had its effect, so a person is asked.
   */
  readonly atomic: boolean;
  readonly timeoutMs: number;
  execute(input: z.output<In>, context: ToolContext): Promise<z.input<Out>>;
}

const toolName = /^[a-z][a-z0-9_]{0,63}$/;

/** Declares a tool. Input is checked before it runs, output after. */
export function defineTool<In extends z.ZodType, Out extends z.ZodType>(definition: {
  name: string;
  description: string;
  version: string;
  input: In;
  output: Out;
  effect: 'read' | 'write';
  requiresApproval?: boolean;
  atomic?: boolean;
  timeoutMs: number;
  execute(input: z.output<In>, context: ToolContext): Promise<z.input<Out>>;
}): Tool<In, Out> {
  if (!toolName.test(definition.name)) throw new TypeError(`a tool's name is snake_case: ${definition.name}`);
  return Object.freeze({ requiresApproval: false, atomic: false, ...definition });
}
