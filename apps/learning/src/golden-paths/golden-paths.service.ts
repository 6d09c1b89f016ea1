import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type AgentId, type TenantId, DomainError } from '@support101/contracts';
import type { DataOf, InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import type { runCompleted, runFailed } from '@support101/contracts/agent-runtime';
import { traceRun } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/learning';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import type { Tx } from '@support101/database';
import { CommandClient, type Delivery, Outbox } from '@support101/messaging';
import { Clock, fitting, keyOfCursor, newId, pageOf, ServiceDatabase } from '@support101/service-kit';
import { IndexingService } from '../knowledge/knowledge-indexing.service.js';
import { forgetTenant, isDeleted } from '../platform/deleted-tenants.js';
import { GoldenPathsRepository, type PathRow } from './golden-paths.repository.js';
import * as rules from './golden-paths.rules.js';

type Effect = 'created' | 'confirmed' | 'corrected' | 'turned_down' | 'used';

/** What the end of a run says of what it rests on. */
export type EndedRun = Pick<DataOf<typeof runCompleted>, 'runId' | 'agentId' | 'blueprint' | 'requestId' | 'usedPathIds'>;

/** What a decision’s run was, for the fact that it was learned. */
interface Source {
  readonly caller: TenantCaller;
  readonly agentId: AgentId;
  readonly runId: rules.Lesson['runId'];
  readonly requestId: rules.Lesson['requestId'];
}

/** Golden paths: what people decided, kept per tenant, and found by the next run. */
@Injectable()
export class GoldenPathsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly paths: GoldenPathsRepository,
    private readonly indexing: IndexingService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Learns from a run that has ended, once. The trace is asked for before the transaction, and only when a person decided;
   * that of a deleted tenant is gone.
   */
  async learn<E extends typeof runCompleted | typeof runFailed>(
    delivery: Delivery<E>,
    ended: EndedRun,
    client: CommandClient,
  ): Promise<void> {
    const { caller } = delivery;
    const { runId, agentId, blueprint, requestId } = ended;
    if (requestId === undefined && (ended.usedPathIds ?? []).length === 0) return;
    if (await this.database.forTenant(caller.tenantId, isDeleted)) return;
    const { lesson, used } =
      requestId === undefined
        ? rules.unaided(ended.usedPathIds ?? [])
        : rules.effectsOf(await client.call(traceRun, { runId }, caller, { signal: delivery.signal }));
    const source = { caller, agentId, runId, requestId: requestId ?? null };
    await this.database.onceDelivered(delivery, async (tx) => {
      if (await isDeleted(tx)) return;
      for (const { pathId, effect } of used) await this.#count(tx, pathId, effect, source);
      if (lesson !== undefined) await this.#keep(tx, blueprint, lesson, source);
    });
  }

  async get(pathId: contract.PathId, { tenantId }: TenantCaller): Promise<contract.GoldenPath> {
    const row = await this.database.forTenant(tenantId, (tx) => this.paths.find(tx, pathId));
    return toPath(found(row));
  }

  /** The newest, or those among a search’s hits in the order of the hits: one page, which no cursor leads to. */
  async list(
    { cursor, limit, minSuccessRate }: InputOf<typeof contract.listGoldenPaths>,
    hits: readonly contract.SearchHit[] | undefined,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listGoldenPaths>> {
    if (hits !== undefined) {
      if (cursor !== undefined) throw new DomainError('cursor_invalid', 'What fits a query is one page: it takes no cursor.');
      return { data: fitting(await this.#among(tenantId, hits, minSuccessRate)), nextCursor: null };
    }
    const before = keyOfCursor(contract.PathId, cursor);
    const rows = await this.database.forTenant(tenantId, (tx) => this.paths.list(tx, { before, minSuccessRate }, limit + 1));
    return pageOf(rows, limit, ({ pathId }) => pathId, toPath);
  }

  async #among(
    tenantId: TenantId,
    hits: readonly contract.SearchHit[],
    minSuccessRate: number,
  ): Promise<OutputOf<typeof contract.listGoldenPaths>['data']> {
    const scores = new Map(hits.flatMap(({ pathId, score }) => (pathId === undefined ? [] : [[pathId, score] as const])));
    const rows = await this.database.forTenant(tenantId, (tx) => this.paths.findAll(tx, [...scores.keys()]));
    const byId = new Map(rows.map((row) => [row.pathId, row]));
    return [...scores].flatMap(([pathId, score]) => {
      const row = byId.get(pathId);
      return row === undefined || rules.successRate(row) < minSuccessRate ? [] : [{ ...toPath(row), score }];
    });
  }

  delete(pathId: contract.PathId, caller: TenantCaller): Promise<void> {
    return this.database.forTenant(caller.tenantId, async (tx) => {
      found(await this.paths.hold(tx, pathId));
      await this.indexing.dropPath(tx, pathId);
      await this.paths.delete(tx, pathId);
      await this.outbox.record(tx, contract.goldenPathDeleted, { pathId }, caller);
    });
  }

  /** Forgets what a deleted tenant learned. */
  forget(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return forgetTenant(this.database, delivery, (tx) => this.paths.deleteAll(tx));
  }

  async #keep(tx: Tx, blueprint: string, lesson: rules.Lesson, source: Source): Promise<void> {
    const fingerprint = createHash('sha256').update(rules.fingerprintText(blueprint, lesson.question)).digest('hex');
    const now = this.clock.now();
    const fresh = { pathId: newId('gpt'), question: lesson.question, createdAt: now };
    const before = await this.paths.holdSame(tx, fingerprint);
    const { effect, counts } = rules.learned(before, lesson.answer);
    const { pathId, question, createdAt } = before ?? fresh;
    const row: PathRow = {
      ...{ ...lesson, steps: [...lesson.steps], evidence: [...lesson.evidence], ...counts },
      ...{ tenantId: source.caller.tenantId, fingerprint, blueprint, status: 'active' },
      ...{ pathId, question, createdAt, updatedAt: now },
    };
    await this.#save(tx, row, effect, source);
    await this.indexing.keepPath(tx, row.pathId, row, now);
  }

  async #count(tx: Tx, pathId: contract.PathId, effect: Effect, source: Source): Promise<void> {
    const before = await this.paths.hold(tx, pathId);
    if (before === undefined) return;
    const counts = rules.counted(before, effect);
    const status = rules.statusOf(counts);
    await this.#save(tx, { ...before, ...counts, status, updatedAt: this.clock.now() }, effect, source);
    if (status === 'retired') await this.indexing.dropPath(tx, pathId);
  }

  async #save(tx: Tx, row: PathRow, effect: Effect, { caller, agentId, runId, requestId }: Source): Promise<void> {
    await this.paths.save(tx, row);
    const fact = { pathId: row.pathId, runId, agentId, requestId, effect, status: row.status };
    await this.outbox.record(tx, contract.goldenPathRecorded, fact, caller);
  }
}

function found(row: PathRow | undefined): PathRow {
  if (row === undefined) throw new DomainError('golden_path_not_found');
  return row;
}

function toPath(row: PathRow): contract.GoldenPath {
  return {
    ...row,
    successRate: rules.successRate(row),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
