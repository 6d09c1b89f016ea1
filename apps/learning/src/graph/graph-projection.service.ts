import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { TenantId } from '@support101/contracts';
import { edgeKinds, type NodeKind } from '@support101/contracts/learning';
import { Database, type GraphState, isConnectionLoss, prepareGraph, type Tx } from '@support101/database';
import { defineJob, Jobs, type RefillItem } from '@support101/jobs';
import type { PartHealth } from '@support101/service-kit';
import { z } from 'zod';
import { GraphCypherRepository } from './graph-cypher.repository.js';
import { GraphProjectionsRepository } from './graph-projections.repository.js';
import { type GraphReader, GraphRepository } from './graph.repository.js';
import type { GraphChange } from './graph.rules.js';
import type { EdgeRow, GraphRows, NodeRow } from './graph-vertices.rules.js';

/** Puts everything that the tables know of a tenant into Apache AGE. */
export const rebuildGraph = defineJob({
  name: 'graph.rebuild',
  payload: z.object({ tenantId: TenantId }),
  attempts: 5,
  backoffMs: 2_000,
  concurrency: 1,
  timeoutMs: 600_000,
});

/** A rebuild’s payload. */
export interface Rebuild {
  readonly tenantId: TenantId;
}

/** Where a change goes: `tables` leaves Apache AGE aside, after it has refused the change. */
export type GraphTarget = 'both' | 'tables';

const pageLength = 200;
const refillPage = 500;
const labels = {
  // Resolutions are looked up by their category too.
  vertices: { Customer: [], Ticket: [], Agent: [], Article: [], Resolution: ['category'] } satisfies Record<NodeKind, string[]>,
  edges: edgeKinds,
};

/**
 * The graph as a whole: the tables, which are the truth, and what of them stands in Apache AGE where the database has it.
 * A tenant that does not stand there whole is read from the tables, with the same answers.
 */
@Injectable()
export class GraphProjection implements OnModuleInit {
  #state: GraphState = { version: undefined, reason: 'not looked at yet' };

  constructor(
    private readonly database: Database,
    private readonly tables: GraphRepository,
    private readonly cypher: GraphCypherRepository,
    private readonly projections: GraphProjectionsRepository,
    @Inject(Jobs) private readonly jobs: Jobs,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.#prepare();
  }

  /** How the graph is served now. */
  health(): PartHealth {
    const state = this.#state;
    if (state.version !== undefined) return { part: 'graph', using: `Apache AGE ${state.version}`, state: 'up' };
    return { part: 'graph', using: 'Postgres tables', state: 'degraded', hint: state.reason };
  }

  /** One transaction that reads the tenant’s graph, wherever it stands. */
  read<T>(tenantId: TenantId, run: (graph: GraphReader, tx: Tx) => Promise<T>): Promise<T> {
    return this.database.forTenant(tenantId, async (tx) => run((await this.#isWhole(tx)) ? this.cypher : this.tables, tx));
  }

  /** Adds to the graph. */
  add(tx: Tx, change: GraphChange, at: string, target: GraphTarget): Promise<void> {
    return this.#write(tx, target, async () => {
      const rows = await this.tables.add(tx, change, at);
      return () => this.cypher.put(tx, rows);
    });
  }

  /** Deletes a node with its edges. */
  drop(tx: Tx, kind: NodeKind, id: string, target: GraphTarget): Promise<void> {
    return this.#write(tx, target, async () => {
      await this.tables.drop(tx, kind, id);
      return () => this.cypher.drop(tx, kind, id);
    });
  }

  /** Deletes the whole graph of the transaction’s tenant. */
  deleteAll(tx: Tx, target: GraphTarget): Promise<void> {
    return this.#write(tx, target, async () => {
      await this.tables.deleteAll(tx);
      return async () => {
        await this.cypher.deleteAll(tx);
        await this.projections.giveUp(tx);
      };
    });
  }

  /**
   * Puts a tenant’s rows into Apache AGE in short transactions. Writers write both meanwhile, so what comes behind the page
   * in hand is not missed; each page waits for writers under way, so none of them is overwritten by what was read before.
   */
  async rebuild({ tenantId }: Rebuild, signal: AbortSignal): Promise<void> {
    await this.#prepare();
    if (this.#state.version === undefined) return;
    const build = randomUUID();
    await this.database.forTenant(tenantId, async (tx) => {
      await this.projections.lock(tx);
      await this.cypher.deleteAll(tx);
      await this.projections.begin(tx, build);
    });
    // False when a later rebuild has begun, to which the rest is left.
    const step = (run: (tx: Tx) => Promise<void>): Promise<boolean> =>
      this.database.forTenant(tenantId, async (tx) => {
        signal.throwIfAborted();
        await this.projections.lock(tx);
        const mine = await this.projections.isBuilding(tx, build);
        if (mine) await run(tx);
        return mine;
      });
    const built =
      (await pages<NodeRow>(step, async (tx, after) =>
        this.#put(tx, { nodes: await this.tables.nodesAfter(tx, after, pageLength), edges: [] }, 'nodes'),
      )) &&
      (await pages<EdgeRow>(step, async (tx, after) =>
        this.#put(tx, await this.tables.edgesAfter(tx, after, pageLength), 'edges'),
      ));
    if (built) await step((tx) => this.projections.finish(tx, build));
  }

  /** Every tenant that has nodes and does not stand in Apache AGE whole. */
  async *due(): AsyncIterable<RefillItem<Rebuild>> {
    if (this.#state.version === undefined) return;
    let after: TenantId | undefined;
    do {
      const page: TenantId[] = await this.database.asSystem('job-refill', (tx) => this.projections.behind(tx, after, refillPage));
      for (const tenantId of page) yield item(tenantId);
      after = page.length === refillPage ? page.at(-1) : undefined;
    } while (after !== undefined);
  }

  /** Runs the tables’ part, and behind it the other where the tenant stands in Apache AGE. */
  async #write(tx: Tx, target: GraphTarget, run: () => Promise<() => Promise<void>>): Promise<void> {
    if (this.#state.version === undefined) return void (await run());
    const standing = await this.projections.enter(tx);
    const project = await run();
    if (standing && target === 'both') return asProjection(project);
    await this.projections.giveUp(tx);
    const { tenantId } = tx;
    // Not waited for, and not lost: the next sweep finds a tenant that could not be queued.
    if (tenantId !== undefined) tx.afterCommit(() => void this.#queue(tenantId).catch(() => undefined));
  }

  async #queue(tenantId: TenantId): Promise<void> {
    const { id, payload } = item(tenantId);
    await this.jobs.enqueue(rebuildGraph, payload, { id });
  }

  async #isWhole(tx: Tx): Promise<boolean> {
    return this.#state.version !== undefined && (await this.projections.open(tx));
  }

  /** Gives the last of a full page, after which the next one begins. */
  async #put<K extends keyof GraphRows>(tx: Tx, rows: GraphRows, paged: K): Promise<GraphRows[K][number] | undefined> {
    if (rows.nodes.length > 0) await this.cypher.put(tx, rows);
    return rows[paged].length === pageLength ? rows[paged].at(-1) : undefined;
  }

  /** Also when it was there before: somebody may have dropped it. */
  async #prepare(): Promise<void> {
    const { url, schema } = this.database;
    this.#state = await prepareGraph({ url, schema, ...labels });
  }
}

/** Works page after page, each in a step of its own; false when a step was not taken any more. */
async function pages<Row>(
  step: (run: (tx: Tx) => Promise<void>) => Promise<boolean>,
  next: (tx: Tx, after: Row | undefined) => Promise<Row | undefined>,
): Promise<boolean> {
  let last: Row | undefined;
  do {
    const after = last;
    const taken = await step(async (tx) => {
      last = await next(tx, after);
    });
    if (!taken) return false;
  } while (last !== undefined);
  return true;
}

function item(tenantId: TenantId): RefillItem<Rebuild> {
  return { id: tenantId, payload: { tenantId } };
}

const failure = 'GraphProjectionFailure';

/** Lets the caller tell a refusal of Apache AGE from one of the tables. */
async function asProjection(project: () => Promise<void>): Promise<void> {
  try {
    await project();
  } catch (error) {
    if (isConnectionLoss(error)) throw error;
    throw Object.assign(new Error('Apache AGE refused a change', { cause: error }), { name: failure });
  }
}

/** True when Apache AGE, and not the tables, refused a change: it can be kept in the tables alone. */
export function isProjectionFailure(error: unknown): boolean {
  return error instanceof Error && error.name === failure;
}
