import { randomUUID } from 'node:crypto';
import type { TenantId } from '@support101/contracts';
import type { Activity } from '@support101/contracts/learning';
import { RedisConnection } from '@support101/redis';
import type { Log } from '@support101/service-kit';
import { type ActivityStream, entryOf, keptEntries, lineOf, type StreamHealth, tailSeconds } from './activity-stream.rules.js';

const prefix = 's101:learning:activity';
const log = `${prefix}:log`;
const group = 'tails';
const keptInLog = 10_000;
const batch = 100;
const blockMs = 1_000;

// The names of a tail carry the generation: counting it up makes all tails void at once.
const names = `
  local generation = redis.call('get', '${prefix}:generation') or '0'
  local state = '${prefix}:state:' .. generation .. ':' .. ARGV[1]
  local tail = '${prefix}:tail:' .. generation .. ':' .. ARGV[1]`;
const trim = `
  redis.call('zremrangebyrank', tail, 0, -${keptEntries + 1})
  redis.call('expire', tail, ${tailSeconds * 2})`;
const scripts = {
  begin: `${names}
    if redis.call('exists', state) == 0 then
      redis.call('del', tail)
      redis.call('set', state, 'begun', 'ex', 60)
    end`,
  fold: `${names}
    if redis.call('exists', state) == 1 then redis.call('zadd', tail, ARGV[2], ARGV[3]) ${trim} end`,
  fill: `${names}
    if redis.call('exists', state) == 0 then return end
    for n = 2, #ARGV, 2 do redis.call('zadd', tail, ARGV[n], ARGV[n + 1]) end ${trim}
    redis.call('set', state, 'whole', 'ex', ${tailSeconds})`,
  newest: `${names}
    if redis.call('get', state) ~= 'whole' then return false end
    return redis.call('zrange', tail, 0, ARGV[2], 'rev')`,
  forget: `${names} redis.call('del', state, tail)`,
} as const;

type Fields = readonly string[];
type Taken = readonly (readonly [id: string, fields: Fields | null])[];

/** What a test chooses otherwise. */
export interface ActivityRedisOptions {
  readonly url: string;
  readonly log: Log;
  /** An entry that its consumer has not acknowledged for so long is taken over: 5 s unless told. */
  readonly reclaimAfterMs?: number;
}

/**
 * The activity stream on Redis. Entries go into one bounded log; the replicas of learning are consumers of one group, and
 * whoever is given an entry folds it into its tenant’s tail and acknowledges it. What a replica left behind is taken over.
 */
export class ActivityRedis implements ActivityStream {
  readonly consumer = randomUUID();
  readonly #commands: RedisConnection;
  readonly #reader: RedisConnection;
  readonly #reclaimAfterMs: number;
  #missed = false;
  #working: Promise<void> | undefined;
  #closed = false;
  #lastReclaim = 0;

  constructor(private readonly options: ActivityRedisOptions) {
    this.#commands = new RedisConnection(options.url, { commandTimeout: 1_000 });
    this.#reader = new RedisConnection(options.url);
    this.#commands.redis.on('close', () => (this.#missed = true));
    for (const connection of [this.#commands, this.#reader]) connection.start();
    this.#reclaimAfterMs = options.reclaimAfterMs ?? 5_000;
  }

  /** Starts to work as one consumer of the group. */
  start(): void {
    this.#working ??= this.#work();
  }

  async append(tenantId: TenantId, entry: Activity): Promise<void> {
    try {
      await this.#makeUp();
      const fields = ['tenant', tenantId, 'line', lineOf(entry)];
      await this.#commands.redis.xadd(log, 'MAXLEN', '~', keptInLog, '*', ...fields);
    } catch {
      this.#missed = true;
    }
  }

  async newest(tenantId: TenantId, limit: number): Promise<Activity[] | undefined> {
    try {
      await this.#makeUp();
      const lines = (await this.#run('newest', tenantId, limit - 1)) as string[] | null;
      return lines?.map(entryOf);
    } catch {
      return undefined;
    }
  }

  async begin(tenantId: TenantId): Promise<void> {
    await this.#run('begin', tenantId).catch(() => undefined);
  }

  async fill(tenantId: TenantId, entries: readonly Activity[]): Promise<void> {
    const values = entries.flatMap((entry) => [Date.parse(entry.happenedAt), lineOf(entry)]);
    await this.#run('fill', tenantId, ...values).catch(() => undefined);
  }

  async forget(tenantId: TenantId): Promise<void> {
    await this.#run('forget', tenantId).catch(() => (this.#missed = true));
  }

  health(): StreamHealth {
    if (this.#commands.up) return { part: 'activity', using: 'Redis Streams', state: 'up' };
    return { part: 'activity', using: 'Postgres', state: 'degraded', hint: this.#commands.outage };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#reader.close();
    await this.#working;
    this.#commands.close();
  }

  /** An entry that could not be appended is missing in a tail, nobody knows in which: all are filled again. */
  async #makeUp(): Promise<void> {
    if (!this.#missed) return;
    await this.#commands.redis.incr(`${prefix}:generation`);
    this.#missed = false;
  }

  #run(script: keyof typeof scripts, tenantId: TenantId, ...values: (string | number)[]): Promise<unknown> {
    return this.#commands.redis.eval(scripts[script], 0, tenantId, ...values);
  }

  async #work(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#reclaim();
        const streams = await this.#reader.redis.xreadgroup(
          ...(['GROUP', group, this.consumer, 'COUNT', batch, 'BLOCK', blockMs, 'STREAMS', log, '>'] as const),
        );
        for (const [, taken] of (streams ?? []) as [string, Taken][]) await this.#fold(taken);
      } catch (error) {
        if (!this.#closed) await this.#recover(error);
      }
    }
  }

  /** What others were given and have not acknowledged: they died, or their Redis connection did. */
  async #reclaim(): Promise<void> {
    if (Date.now() - this.#lastReclaim < this.#reclaimAfterMs / 2) return;
    this.#lastReclaim = Date.now();
    const { redis } = this.#commands;
    let from = '0-0';
    do {
      const claimed = await redis.xautoclaim(log, group, this.consumer, this.#reclaimAfterMs, from, 'COUNT', batch);
      const [next, taken] = claimed as [string, Taken];
      await this.#fold(taken);
      from = next;
    } while (from !== '0-0');
  }

  async #fold(taken: Taken): Promise<void> {
    for (const [, fields] of taken) {
      // Null: the log was cut while the entry waited.
      const [, tenantId, , line] = fields ?? [];
      if (tenantId === undefined || line === undefined) continue;
      await this.#run('fold', tenantId as TenantId, Date.parse(entryOf(line).happenedAt), line);
    }
    if (taken.length > 0) await this.#commands.redis.xack(log, group, ...taken.map(([id]) => id));
  }

  /** The group is gone with a Redis that lost its data, or was never made; everything else passes. */
  async #recover(error: unknown): Promise<void> {
    const isNew = error instanceof Error && error.message.startsWith('NOGROUP');
    if (isNew) await this.#commands.redis.xgroup('CREATE', log, group, '0', 'MKSTREAM').catch(() => undefined);
    else {
      this.options.log.debug({ error }, 'the activity stream waits for Redis');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
