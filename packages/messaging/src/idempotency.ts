import { createHash } from 'node:crypto';
import {
  canonicalJson,
  DomainError,
  type Caller,
  type InputOf,
  type OutputOf,
  type Rpc,
  type TenantCaller,
} from '@support101/contracts';
import type { Tx } from '@support101/database';
import type { Transactor } from './database-ports.js';
import { headerNames } from './headers.js';
import { setReplyHeader } from './reply-headers.js';
import { systemTime, type TimeSource } from '@support101/time';

/** How long a stored answer is replayed, in milliseconds: 24 hours. */
export const idempotencyKeptMs = 24 * 60 * 60 * 1000;

/** Scope of keys that belong to no tenant; not a tenant id, so row-level security shows it to no tenant. */
const platformScope = 'platform';

const tryLock = `select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as locked`;
const findAnswer = `select body_hash, answer, answered_at from idempotency_keys where tenant_id = $1 and subject = $2 and key = $3`;
const keepAnswer = `insert into idempotency_keys (tenant_id, subject, key, body_hash, answer, answered_at) values ($1, $2, $3, $4, $5, $6)
  on conflict (tenant_id, subject, key) do update
  set body_hash = excluded.body_hash, answer = excluded.answer, answered_at = excluded.answered_at`;

interface StoredAnswer {
  readonly body_hash: string;
  readonly answer: string;
  readonly answered_at: Date;
}

interface Attempt {
  readonly scope: string;
  readonly subject: string;
  readonly key: string | undefined;
  readonly hash: string;
}

/** Answers a repeated command with the stored answer instead of doing it again. */
export class Idempotency {
  constructor(
    private readonly database: Transactor,
    private readonly time: TimeSource = systemTime,
  ) {}

  /**
   * Runs `run` in the caller's tenant transaction and keeps its answer there under the caller's idempotency key for 24 h.
   * Same key, principal and input: the stored answer, and the reply says `idempotency-replayed: true`. Another principal or
   * input: `idempotency_key_reused`. Still running elsewhere: `idempotency_in_flight`. A failure stores nothing.
   */
  run<C extends Rpc>(
    contract: C,
    input: InputOf<C>,
    caller: TenantCaller,
    run: (tx: Tx) => Promise<OutputOf<C>>,
  ): Promise<OutputOf<C>> {
    return this.runPrisma(this.database, contract, input, caller, run);
  }

  /** Like `run`, in a transaction of the service's PrismaDatabase. */
  runPrisma<C extends Rpc, T extends Tx>(
    database: Transactor<T>,
    contract: C,
    input: InputOf<C>,
    caller: TenantCaller,
    run: (tx: T) => Promise<OutputOf<C>>,
  ): Promise<OutputOf<C>> {
    const attempt = attemptOf(contract, input, caller, caller.tenantId);
    return database.forTenant(caller.tenantId, (tx) => this.#attempt(tx, attempt, () => run(tx)));
  }

  /** Like `run` for commands of platform principals, in a system transaction (`platform-admin`); keys belong to the principal. */
  runAsSystem<C extends Rpc, T extends Tx>(
    database: Transactor<T>,
    contract: C,
    input: InputOf<C>,
    caller: Caller,
    run: (tx: T) => Promise<OutputOf<C>>,
  ): Promise<OutputOf<C>> {
    const attempt = attemptOf(contract, input, caller, platformScope);
    return database.asSystem('platform-admin', (tx) => this.#attempt(tx, attempt, () => run(tx)));
  }

  async #attempt<Output>(tx: Tx, attempt: Attempt, run: () => Promise<Output>): Promise<Output> {
    const { scope, subject, key, hash } = attempt;
    if (key === undefined) return run();
    const [lock] = await tx.query<{ locked: boolean }>(tryLock, [JSON.stringify([scope, subject, key])], 'idempotency-lock');
    if (lock?.locked !== true) throw new DomainError('idempotency_in_flight', undefined, { retryAfterSeconds: 1 });
    const [stored] = await tx.query<StoredAnswer>(findAnswer, [scope, subject, key], 'idempotency-find');
    const now = this.time.now();
    if (stored !== undefined && now.getTime() - stored.answered_at.getTime() < idempotencyKeptMs) {
      if (stored.body_hash !== hash) throw new DomainError('idempotency_key_reused');
      setReplyHeader(headerNames.idempotencyReplayed, 'true');
      return JSON.parse(stored.answer) as Output;
    }
    const output = await run();
    await tx.query(keepAnswer, [scope, subject, key, hash, JSON.stringify(output), now], 'idempotency-keep');
    return output;
  }
}

function attemptOf(contract: Rpc, input: unknown, caller: Caller, scope: string): Attempt {
  const key =
    caller.idempotencyKey === undefined || scope !== platformScope
      ? caller.idempotencyKey
      : `${caller.principal.id} ${caller.idempotencyKey}`;
  // What a request does may depend on who asks: another principal with the same key has not asked this before.
  const hash = createHash('sha256')
    .update(canonicalJson([caller.principal.id, input]))
    .digest('hex');
  return { scope, subject: contract.subject, key, hash };
}
