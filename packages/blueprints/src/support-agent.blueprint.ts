import {
  BaseAgent,
  coverage,
  defineBlueprint,
  groundedness,
  RunFailure,
  weighBy,
  withoutInstructions,
  type Action,
  type Decision,
  type EscalationSignals,
  type Interrupt,
  type KnowledgeHit,
  type Plan,
  type StepContext,
  type StepResult,
} from '@support101/agent-kit';
import { isDomainError } from '@support101/contracts';
import type { z } from 'zod';
import { answerQuestion } from './answer-question.task.js';
import { createTicket } from './create-ticket.tool.js';
import { categoryOf, sentimentOf, topicOf } from './customer-signals.rules.js';
import { searchKnowledgeBase } from './search-knowledge-base.tool.js';
import {
  confidenceOf,
  searchFor,
  turnsUsed,
  verdictOf,
  withinBudget,
  worthComposing,
  worthwhile,
} from './support-agent.rules.js';
import { SupportConfig, SupportInput, SupportOutput, SupportState, type Draft, type Source } from './support-agent.schemas.js';

type Context = StepContext<SupportConfig>;
type Result = StepResult<SupportState>;

const noAnswer = 'Nothing in the knowledge base answers this question surely enough.';

/** search_knowledge_base → compose_answer → check_answer → the answer; or (create_ticket →) ask_person, or a named failure. */
class SupportAgent extends BaseAgent<SupportInput, SupportOutput, SupportState, SupportConfig> {
  start({ query, history = [], customerId }: SupportInput): SupportState {
    return {
      query,
      history: history.slice(-turnsUsed),
      search: searchFor(query, history),
      ...(customerId === undefined ? {} : { customerId }),
    };
  }

  plan(state: SupportState, config: SupportConfig): Plan<SupportOutput> {
    const { hits, draft, decided } = state;
    if (decided !== undefined) {
      const category = categoryFor(state, decided.sources);
      return { finish: { ...decided, confidence: 1, answeredBy: 'person', category }, outcome: 'assisted' };
    }
    if (hits === undefined) return { action: 'search_knowledge_base', input: { query: state.search, topK: config.topK } };
    if (draft === undefined && worthComposing(hits, config)) {
      return { action: 'compose_answer', input: { passages: hits.map((hit) => hit.articleId) } };
    }
    if (draft !== undefined && draft !== null && draft.check === undefined) {
      return { action: 'check_answer', input: { citations: draft.citations } };
    }
    return this.conclude(state, config);
  }

  async executeStep(state: SupportState, { action }: Action, ctx: Context): Promise<Result> {
    if (action === 'search_knowledge_base') return search(state, ctx);
    if (action === 'compose_answer') return compose(state, ctx);
    if (action === 'check_answer') return check(state, ctx.config);
    if (action === 'create_ticket') return openTicket(state, ctx);
    if (action === 'ask_person') return askPerson(state, ctx.config);
    throw new RunFailure('blueprint_error', `The support agent knows no step "${action}".`);
  }

  override escalate(state: SupportState, config: SupportConfig): z.input<typeof Interrupt> {
    return interruptOf(state, config, 'escalated');
  }

  override resume(state: SupportState, { decision, edits, response }: Decision): SupportState {
    if (decision === 'approve' && state.draft) {
      return { ...state, decided: { answer: state.draft.answer, sources: sourcesOf(state.draft, state.hits) } };
    }
    if (decision === 'reject') throw new RunFailure('rejected_by_reviewer');
    const answer = decision === 'edit' ? edits?.['answer'] : response;
    if (typeof answer !== 'string' || answer.trim() === '') {
      throw new RunFailure(
        'decision_not_expected',
        'The decision has no answer: "edit" needs edits.answer, "respond" a response.',
      );
    }
    return { ...state, decided: { answer: answer.trim(), sources: [] } };
  }

  private conclude(state: SupportState, config: SupportConfig): Plan<SupportOutput> {
    const { draft, hits } = state;
    const verdict = verdictOf(draft?.check?.confidence, config);
    if (verdict === 'ask_person' && config.openTicket && state.ticketId === undefined) {
      return { action: 'create_ticket', input: {} };
    }
    if (verdict === 'ask_person') return { action: 'ask_person', input: {} };
    if (verdict === 'give_up' || !draft?.check) return { fail: 'no_supported_answer', detail: noAnswer };
    const { confidence } = draft.check;
    const sources = sourcesOf(draft, hits);
    const category = categoryFor(state, sources);
    return { finish: { answer: draft.answer, sources, confidence, answeredBy: 'agent', category }, outcome: 'resolved' };
  }
}

async function search(state: SupportState, ctx: Context): Promise<Result> {
  const { hits: found } = await ctx.tools.call(searchKnowledgeBase, { query: state.search, topK: ctx.config.topK });
  let withheld = 0;
  const hits = worthwhile(
    found.map((hit) => {
      const guarded = withoutInstructions(hit.text);
      withheld += guarded.withheld;
      return { ...hit, text: guarded.text };
    }),
  );
  return {
    result: { found: found.length, withheld, hits: hits.map(({ articleId, title, score }) => ({ articleId, title, score })) },
    state: { ...state, hits, ...(withheld === 0 ? {} : { withheld }) },
  };
}

async function compose(state: SupportState, ctx: Context): Promise<Result> {
  const { kept, leftOut } = withinBudget(state.hits ?? []);
  const passages = kept.map(({ articleId, title, text, kind, score }) => ({ id: articleId, title, text, kind, score }));
  const said = await answered(ctx, { question: state.query, conversation: state.history, passages });
  const answer = said.answer?.trim() ?? '';
  const citations = [...new Set(said.citations)].filter((id) => passages.some((passage) => passage.id === id));
  const draft = answer === '' || citations.length === 0 ? null : { answer, citations };
  return {
    result: { answered: draft !== null, citations, passages: passages.length, leftOut },
    state: { ...state, draft },
  };
}

/** What the model says to it. One that cannot say it by the task’s schema has no answer where a person can be asked, or else fails. */
async function answered(
  ctx: Context,
  asked: z.output<typeof answerQuestion.input>,
): Promise<z.output<typeof answerQuestion.output>> {
  try {
    return await ctx.tasks.run(answerQuestion, asked);
  } catch (error) {
    const isUnfit = isDomainError(error) && error.code === 'model_output_invalid';
    if (isUnfit && ctx.config.whenUnsure === 'ask_person') return { answer: null, citations: [] };
    throw error;
  }
}

async function check(state: SupportState, config: SupportConfig): Promise<Result> {
  const { draft, hits = [] } = state;
  if (!draft) throw new RunFailure('blueprint_error', 'There is no draft to check.');
  const cited = hits.filter((hit) => draft.citations.includes(hit.articleId));
  const evidence = {
    retrieval: Math.max(0, ...cited.map((hit) => hit.score)),
    coverage: coverage(
      state.query,
      `${cited.map((hit) => hit.title).join(' ')} ${draft.answer}`,
      weighBy(hits.map((hit) => `${hit.title} ${hit.text}`)),
    ),
    groundedness: groundedness(
      draft.answer,
      cited.map((hit) => `${hit.title}.\n\n${hit.text}`),
    ),
  };
  const checked = { ...evidence, confidence: confidenceOf(evidence) };
  return {
    result: checked,
    state: { ...state, draft: { ...draft, check: checked } },
    // Only of an answer that would be given: what the agent is not sure enough of, it handles itself.
    ...(verdictOf(checked.confidence, config) === 'answer' ? { signals: signalsOf(state, checked.confidence) } : {}),
  };
}

async function openTicket(state: SupportState, ctx: Context): Promise<Result> {
  const { query, draft, customerId } = state;
  const { ticketId } = await ctx.tools.call(createTicket, {
    subject: titleOf(query),
    description: draft ? `${query}\n\nDraft of an answer:\n${draft.answer}`.slice(0, 5000).toWellFormed() : query,
    priority: 'medium',
    ...(customerId === undefined ? {} : { customerId }),
  });
  return { result: { ticketId }, state: { ...state, ticketId } };
}

async function askPerson(state: SupportState, config: SupportConfig): Promise<Result> {
  const interrupt = interruptOf(state, config, 'no_supported_answer');
  return { result: { asked: true }, state, interrupt, signals: signalsOf(state, state.draft?.check?.confidence ?? 0) };
}

function signalsOf({ query }: SupportState, confidence: number): EscalationSignals {
  const [topic, sentiment] = [topicOf(query), sentimentOf(query)];
  return { confidence, ...(topic === undefined ? {} : { topic }), ...(sentiment === undefined ? {} : { sentiment }) };
}

/** The question's words count, and those of the titles of what the answer rests on. */
function categoryFor({ query }: SupportState, sources: readonly Source[] = []): string {
  return categoryOf(query, ...sources.map(({ title }) => title));
}

function titleOf(query: string): string {
  return `Customer question: ${query.trim().replace(/\s+/g, ' ').slice(0, 150).toWellFormed()}`;
}

/** Everything a person needs to answer: the question, the draft if there is one, and what it rests on. */
function interruptOf(
  { query, draft, hits = [], history, customerId, ticketId }: SupportState,
  config: SupportConfig,
  reason: 'no_supported_answer' | 'escalated',
): z.input<typeof Interrupt> {
  const options = ['edit', 'respond', 'reject'];
  return {
    type: draft ? 'review' : 'escalation',
    title: titleOf(query),
    question: query,
    options: draft ? ['approve', ...options] : options,
    priority: 'medium',
    ...(draft ? { draft: draft.answer } : {}),
    evidence: hits.map(evidenceOf),
    context: {
      reason,
      category: categoryOf(query),
      confidence: draft?.check?.confidence ?? 0,
      confidenceThreshold: config.confidenceThreshold,
      history,
      ...(customerId === undefined ? {} : { customerId }),
      ...(ticketId === undefined ? {} : { ticketId }),
    },
  };
}

function evidenceOf({ articleId, title, text, score, sourceUrl }: KnowledgeHit) {
  return { articleId, title, score, excerpt: text.slice(0, 2000).toWellFormed(), ...(sourceUrl ? { url: sourceUrl } : {}) };
}

function sourcesOf(draft: Draft, hits: readonly KnowledgeHit[] = []): Source[] {
  return hits
    .filter((hit) => draft.citations.includes(hit.articleId))
    .map(({ articleId: id, title, sourceUrl, kind }) => ({
      ...(kind === 'golden_path' ? { pathId: id } : { articleId: id }),
      title,
      kind,
      ...(sourceUrl ? { url: sourceUrl } : {}),
    }));
}

/** Answers a customer's question from the tenant's own knowledge, names its sources, and does not answer what it cannot support. */
export const supportAgent = defineBlueprint({
  name: 'support_agent',
  version: '1.0.0',
  description: 'Answers customer questions from the knowledge base, with sources and a confidence',
  inputSchema: SupportInput,
  outputSchema: SupportOutput,
  stateSchema: SupportState,
  configSchema: SupportConfig,
  tools: [searchKnowledgeBase, createTicket],
  agent: SupportAgent,
});
