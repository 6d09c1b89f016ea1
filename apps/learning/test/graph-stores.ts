import type { TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import type { Jobs } from '@support101/jobs';
import { newId } from '@support101/service-kit';
import { type Prepared } from '@support101/service-testing';
import { serverHasAge } from '@support101/testing';
import { GraphCypherRepository } from '../src/graph/graph-cypher.repository.js';
import { GraphProjection } from '../src/graph/graph-projection.service.js';
import { GraphProjectionsRepository } from '../src/graph/graph-projections.repository.js';
import { type GraphReader, GraphRepository } from '../src/graph/graph.repository.js';
import type { GraphChange } from '../src/graph/graph.rules.js';
import { prepare } from './engines.js';

/** Every way in which a graph is kept and read; all of them answer alike. */
export const graphStores = ['tables on native Postgres', 'Apache AGE, written as it comes', 'Apache AGE, rebuilt'] as const;
type GraphStoreKind = (typeof graphStores)[number];

const never = new AbortController().signal;

/** The graph of learning on a database of its own. */
export class GraphStore {
  /** The rebuilds that were asked for. */
  readonly queued: string[] = [];
  readonly cypher = new GraphCypherRepository();
  readonly projections = new GraphProjectionsRepository();
  readonly projection: GraphProjection;

  private constructor(
    readonly kind: GraphStoreKind,
    readonly prepared: Prepared,
  ) {
    const jobs = { enqueue: (_job: unknown, _payload: unknown, { id }: { id: string }) => Promise.resolve(this.queued.push(id)) };
    const repositories = [new GraphRepository(), this.cypher, this.projections] as const;
    this.projection = new GraphProjection(prepared.database, ...repositories, jobs as unknown as Jobs);
  }

  /** On a database of its own, or on one that has Apache AGE already. */
  static async open(kind: GraphStoreKind, prepared?: Prepared): Promise<GraphStore> {
    const onTables = kind.startsWith('tables');
    const store = new GraphStore(kind, prepared ?? (await prepare(onTables || serverHasAge ? 'native' : 'embedded')));
    // One that has not looked whether there is AGE goes by the tables, also where there is.
    if (!onTables) await store.projection.onModuleInit();
    return store;
  }

  /** One of each kind, in their order. */
  static async openAll(): Promise<GraphStore[]> {
    const [tables, written] = [await GraphStore.open(graphStores[0]), await GraphStore.open(graphStores[1])];
    return [tables, written, await GraphStore.open(graphStores[2], written.prepared)];
  }

  /** A tenant whose changes go where this store keeps them. */
  async tenant(): Promise<TenantId> {
    const tenantId = newId('ten');
    if (this.kind === 'Apache AGE, written as it comes') await this.rebuild(tenantId);
    return tenantId;
  }

  /** Where there are only the tables, nothing. */
  async rebuild(tenantId: TenantId): Promise<void> {
    if (!this.kind.startsWith('tables')) await this.projection.rebuild({ tenantId }, never);
  }

  async add(tenantId: TenantId, change: Partial<GraphChange>, at: string): Promise<void> {
    await this.write(tenantId, (tx) => this.projection.add(tx, { nodes: [], edges: [], ...change }, at, 'both'));
  }

  write(tenantId: TenantId, run: (tx: Tx) => Promise<void>): Promise<void> {
    return this.prepared.database.forTenant(tenantId, run);
  }

  /** Reads from where this store keeps the graph, and from nowhere else. */
  async read<T>(tenantId: TenantId, run: (graph: GraphReader, tx: Tx) => Promise<T>): Promise<T> {
    if (this.kind === 'Apache AGE, rebuilt') await this.rebuild(tenantId);
    return this.projection.read(tenantId, (graph, tx) => {
      if (graph instanceof GraphCypherRepository === this.kind.startsWith('tables')) throw new Error('read from elsewhere');
      return run(graph, tx);
    });
  }

  close(): Promise<void> {
    return this.prepared.close();
  }
}
