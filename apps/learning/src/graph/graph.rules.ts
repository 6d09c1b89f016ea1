import { type AgentId, type DataOf, isStorable, type OutputOf, type RunId } from '@support101/contracts';
import type { runCompleted, runFailed, runTimedOut, ticketCreated, traceRun } from '@support101/contracts/agent-runtime';
import { type EdgeKind, generalCategory, type goldenPathRecorded, type NodeKind } from '@support101/contracts/learning';
import type { webhookReceived } from '@support101/contracts/webhook-gateway';

/** A node as an event tells of it: what it does not say stays as it was. */
export interface GraphNode {
  readonly kind: NodeKind;
  readonly id: string;
  readonly category?: string;
  readonly success?: boolean;
  readonly approved?: boolean;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** An edge between two nodes. */
interface GraphEdge {
  readonly kind: EdgeKind;
  readonly fromKind: NodeKind;
  readonly fromId: string;
  readonly toKind: NodeKind;
  readonly toId: string;
}

/** What an event adds to the graph: the nodes of its edges are always among its nodes. */
export interface GraphChange {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** A whole run, as agent-runtime tells it. */
export type Trace = OutputOf<typeof traceRun>;

/** The end of a run, whichever it was. */
export type RunEnd = DataOf<typeof runCompleted> | DataOf<typeof runFailed> | DataOf<typeof runTimedOut>;

const none: GraphChange = { nodes: [], edges: [] };
const longestId = 300;

/**
 * What the end of a run adds: the resolution with its agent and articles, and the customer and ticket that its input
 * names. Without a trace (the run is gone by now) there are no steps, no customer and no ticket.
 */
export function ofRunEnd(end: RunEnd, endedAt: string, trace: Trace | undefined): GraphChange {
  const resolution = resolutionOf(end, endedAt, trace);
  const { agentId, blueprint, runId } = end;
  const { usedArticleIds = [] } = groundsOf(end);
  const articles = [...new Set(usedArticleIds)].map((id): GraphNode => ({ kind: 'Article', id, properties: {} }));
  return merged(
    { nodes: [resolution, agentOf(agentId, blueprint), ...articles], edges: [] },
    { nodes: [], edges: [executedBy(runId, agentId), ...articles.map((article) => edge('USED_ARTICLE', resolution, article))] },
    trace === undefined ? none : askedBy(resolution, trace.run.input),
  );
}

function resolutionOf(end: RunEnd, endedAt: string, trace: Trace | undefined): GraphNode {
  const { runId, agentId, blueprint, outcome = 'failed' } = end;
  const { usedPathIds = [], confidence = null } = groundsOf(end);
  const steps = (trace?.steps ?? []).filter((step) => step.outcome !== 'interrupted').map(({ action }) => action);
  return {
    ...{ kind: 'Resolution', id: runId, category: categoryOf(trace), success: outcome === 'resolved' || outcome === 'assisted' },
    properties: { agentId, blueprint, outcome, confidence, steps, usedPathId: usedPathIds[0] ?? null, endedAt },
  };
}

function askedBy(resolution: GraphNode, input: Trace['run']['input']): GraphChange {
  const customer = named('Customer', input['customerId']);
  const ticket = named('Ticket', input['ticketId']);
  return merged(
    customer === undefined ? none : { nodes: [customer], edges: [edge('ASKED', customer, resolution)] },
    ticket === undefined ? none : { nodes: [ticket], edges: [edge('RESOLVED_BY', ticket, resolution)] },
    customer === undefined || ticket === undefined ? none : { nodes: [], edges: [edge('FILED', customer, ticket)] },
  );
}

/** What a ticket that a run opened adds. Its subject is a customer’s text and stays out. */
export function ofTicket({ ticketId, runId, priority, customerId }: DataOf<typeof ticketCreated>): GraphChange {
  const ticket: GraphNode = { kind: 'Ticket', id: ticketId, properties: { priority, status: 'open' } };
  const resolution: GraphNode = { kind: 'Resolution', id: runId, properties: {} };
  const customer = named('Customer', customerId);
  return merged(
    { nodes: [ticket, resolution], edges: [edge('OPENED', resolution, ticket)] },
    customer === undefined ? none : { nodes: [customer], edges: [edge('FILED', customer, ticket)] },
  );
}

/** What a provider’s case adds: ids of two providers may be alike, so they carry the provider’s name. */
export function ofWebhook({ provider, ticket: given }: DataOf<typeof webhookReceived>): GraphChange {
  const ticket = given === undefined ? undefined : named('Ticket', `${provider}:${given.id}`);
  if (given === undefined || ticket === undefined) return none;
  const { status, priority, requesterId } = given;
  const properties = { ...(status === undefined ? {} : { status }), ...(priority === undefined ? {} : { priority }) };
  const customer = named('Customer', requesterId === undefined ? undefined : `${provider}:${requesterId}`);
  return merged(
    { nodes: [{ ...ticket, properties }], edges: [] },
    customer === undefined ? none : { nodes: [customer], edges: [edge('FILED', customer, ticket)] },
  );
}

/**
 * What a person’s decision says of the run it was about. A run whose looked-up path was turned down and whose own
 * answer was then given by the person ends well: the two facts come in any order, so `approved` outweighs.
 */
export function ofDecision({ runId, pathId, effect }: DataOf<typeof goldenPathRecorded>): GraphChange {
  if (effect === 'used') return none;
  const approved = effect !== 'turned_down';
  return { nodes: [{ kind: 'Resolution', id: runId, approved, properties: approved ? { pathId } : {} }], edges: [] };
}

/** The category that the output names, or the input, or the one for what names none. */
export function categoryOf(trace: Trace | undefined): string {
  const names = [trace?.run.output?.['category'], trace?.run.input['category']];
  const category = names.find((name) => typeof name === 'string' && name.trim() !== '');
  return typeof category === 'string' ? category.trim().slice(0, 100).toWellFormed() : generalCategory;
}

function groundsOf(end: RunEnd): Pick<DataOf<typeof runCompleted>, 'usedArticleIds' | 'usedPathIds' | 'confidence'> {
  return 'error' in end ? {} : end;
}

function named(kind: NodeKind, id: unknown): GraphNode | undefined {
  const usable = typeof id === 'string' && id !== '' && id.length <= longestId && isStorable(id);
  return usable ? { kind, id, properties: {} } : undefined;
}

function agentOf(id: AgentId, blueprint: string): GraphNode {
  return { kind: 'Agent', id, properties: { blueprint } };
}

function executedBy(runId: RunId, agentId: AgentId): GraphEdge {
  return { kind: 'EXECUTED_BY', fromKind: 'Resolution', fromId: runId, toKind: 'Agent', toId: agentId };
}

function edge(kind: EdgeKind, from: GraphNode, to: GraphNode): GraphEdge {
  return { kind, fromKind: from.kind, fromId: from.id, toKind: to.kind, toId: to.id };
}

function merged(...changes: readonly GraphChange[]): GraphChange {
  return { nodes: changes.flatMap(({ nodes }) => nodes), edges: changes.flatMap(({ edges }) => edges) };
}
