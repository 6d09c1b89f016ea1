import { Inject, Injectable } from '@nestjs/common';
import { DomainError, isDomainError } from '@support101/contracts';
import type { InputOf, OutputOf, RunId, TenantCaller } from '@support101/contracts';
import { type runCompleted, type runFailed, type runTimedOut, traceRun } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/learning';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import { CommandClient, type Delivery } from '@support101/messaging';
import type { Tx } from '@support101/database';
import { type Log, LOG, ServiceDatabase } from '@support101/service-kit';
import { GraphProjection, type GraphTarget, isProjectionFailure } from './graph-projection.service.js';
import type { ResolutionRow } from './graph.repository.js';
import { type GraphChange, ofRunEnd, type Trace } from './graph.rules.js';

const historyLength = 1000;

/** Who asked what, and what came of it. */
@Injectable()
export class GraphService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly graph: GraphProjection,
    private readonly client: CommandClient,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Adds the end of a run, once. The trace is asked for before the transaction. */
  async addRun(
    delivery: Delivery<typeof runCompleted> | Delivery<typeof runFailed> | Delivery<typeof runTimedOut>,
  ): Promise<void> {
    const { data, time } = delivery.event;
    const trace = await this.#trace(data.runId, delivery.caller, delivery.signal);
    await this.add(delivery, ofRunEnd(data, time, trace));
  }

  /** Adds what an event tells, once. */
  async add(delivery: Delivery, change: GraphChange): Promise<void> {
    if (change.nodes.length === 0) return;
    await this.#once(delivery, (tx, target) => this.graph.add(tx, change, delivery.event.time, target));
  }

  /** An article that is gone was used by nobody. */
  dropArticle(delivery: Delivery<typeof contract.articleDeleted>): Promise<void> {
    const { articleId } = delivery.event.data;
    return this.#once(delivery, (tx, target) => this.graph.drop(tx, 'Article', articleId, target));
  }

  /** Forgets the graph of a deleted tenant. */
  forget(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.#once(delivery, (tx, target) => this.graph.deleteAll(tx, target));
  }

  journey(
    { customerId, limit }: InputOf<typeof contract.customerJourney>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.customerJourney>> {
    return this.graph.read(tenantId, async (graph, tx) => {
      if (!(await graph.has(tx, 'Customer', customerId))) throw new DomainError('customer_not_found');
      const tickets = await graph.tickets(tx, customerId, limit);
      const ids = tickets.map(({ ticketId }) => ticketId);
      const ofTickets = await graph.resolutionsOf(tx, customerId, ids, limit);
      const asked = await graph.asked(tx, customerId, limit);
      const ticketed = new Set(ofTickets.map(({ runId }) => runId));
      return {
        customerId,
        tickets: tickets.map(({ ticketId, properties: { status = null, priority = null }, filedAt }) => ({
          ...{ ticketId, status, priority, filedAt: filedAt.toISOString() },
          resolutions: ofTickets.filter((row) => row.of === ticketId).map(toResolution),
        })),
        resolutions: asked.filter(({ runId }) => !ticketed.has(runId)).map(toResolution),
      };
    });
  }

  async similar(
    { category, limit }: InputOf<typeof contract.similarResolutions>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.similarResolutions>> {
    const rows = await this.graph.read(tenantId, (graph, tx) => graph.similar(tx, category, limit));
    return { data: rows.map(toResolution) };
  }

  /**
   * The newest ended resolutions of a category, good and bad. Those that rest on one golden path are of one `case`:
   * they are one piece of evidence, however often the path was used.
   */
  async history(category: string, { tenantId }: TenantCaller): Promise<(contract.Resolution & { readonly case: string })[]> {
    const rows = await this.graph.read(tenantId, (graph, tx) => graph.newest(tx, category, historyLength));
    return rows.map((row) => {
      const { pathId, usedPathId } = row.properties;
      return { ...toResolution(row), case: pathId ?? usedPathId ?? row.runId };
    });
  }

  async stats({ tenantId }: TenantCaller): Promise<OutputOf<typeof contract.graphStats>> {
    const rows = await this.graph.read(tenantId, (graph, tx) => graph.counts(tx));
    const counts = new Map(rows.map(({ kind, count }) => [kind, count]));
    const of = <K extends contract.NodeKind | contract.EdgeKind>(kinds: readonly K[]) =>
      Object.fromEntries(kinds.map((kind) => [kind, counts.get(kind) ?? 0])) as Record<K, number>;
    return { nodes: of(contract.nodeKinds), edges: of(contract.edgeKinds) };
  }

  /** Once; when Apache AGE refuses the change, it is kept in the tables, which are the truth, and rebuilt from there. */
  async #once(delivery: Delivery, write: (tx: Tx, target: GraphTarget) => Promise<void>): Promise<void> {
    try {
      await this.database.onceDelivered(delivery, (tx) => write(tx, 'both'));
    } catch (error) {
      if (!isProjectionFailure(error)) throw error;
      this.log.error(
        { error, tenantId: delivery.event.tenantid },
        'a tenant’s graph is read from the tables until it is rebuilt',
      );
      await this.database.onceDelivered(delivery, (tx) => write(tx, 'tables'));
    }
  }

  /** Undefined for a run that is gone by now: its end still counts. */
  async #trace(runId: RunId, caller: TenantCaller, signal: AbortSignal): Promise<Trace | undefined> {
    try {
      return await this.client.call(traceRun, { runId }, caller, { signal });
    } catch (error) {
      if (isDomainError(error) && error.code === 'run_not_found') return undefined;
      throw error;
    }
  }
}

function toResolution({ runId, category, success, approved, properties }: ResolutionRow): contract.Resolution {
  const { agentId, blueprint, outcome, confidence, steps, pathId = null, endedAt } = properties;
  return { runId, agentId, blueprint, category, outcome, success, approved, confidence, pathId, steps, endedAt };
}
