import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import { RedisConnection } from '@support101/redis';
import { HealthBoard, LOG, type Log, type PartHealth, SettingsError } from '@support101/service-kit';
import type { Result } from 'ioredis';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import type { Ask, Told } from './limits-share.rules.js';
import { windowMs } from './limits.rules.js';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    takeSlice(key: string, ...values: number[]): Result<[number, number, number, number, number], Context>;
  }
}

/**
 * Takes up to `wanted` of what the limit leaves, on Redis' clock: all gateways share one window whatever their clocks say.
 * What the asker knows restores what a Redis that was wiped has lost; what it let in alone is added; what it did not use of
 * the window before is given back. One hash per tenant, so it works on a cluster.
 */
const takeSlice = `
local window, limit, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local start = now - now % window
local function rolled(from, present, before)
  if from == start then return present, before end
  if from == start - window then return 0, present end
  return 0, 0
end
local kept = redis.call('HMGET', KEYS[1], 'start', 'present', 'before')
local present, before = rolled(tonumber(kept[1] or 0), tonumber(kept[2] or 0), tonumber(kept[3] or 0))
local knownStart, alone, unused = tonumber(ARGV[4]), tonumber(ARGV[7]), tonumber(ARGV[8])
local knownPresent, knownBefore = rolled(knownStart, tonumber(ARGV[5]), tonumber(ARGV[6]))
present = math.max(present, knownPresent)
before = math.max(before, knownBefore)
if knownStart == start then present = present + alone end
if knownStart == start - window then before = math.max(0, before + alone - unused) end
local room = math.floor(limit - present - before * (1 - (now - start) / window))
local granted = math.max(0, math.min(wanted, room))
present = present + granted
redis.call('HSET', KEYS[1], 'start', string.format('%.0f', start), 'present', present, 'before', before)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return { granted, start, present, before, now }
`;

/** How long Redis may take to answer, in milliseconds: requests wait for it. */
const commandTimeout = 500;
/** How long the first connection may take, in milliseconds. */
const connectWithinMs = 10_000;
/** How often is looked whether a Redis that did not answer does again, in milliseconds. */
const lookMs = 500;

/** Redis, where the limits of all gateways are counted; or nothing, when the process was given none. */
@Injectable()
export class LimitsClient implements OnModuleInit, OnApplicationShutdown {
  readonly #connection: RedisConnection | undefined;
  /** The last command failed. */
  #failing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(PARTS) { redisUrl }: GatewayParts,
    @Inject(LOG) private readonly log: Log,
    private readonly health: HealthBoard,
  ) {
    if (redisUrl === undefined) return;
    const scripts = { takeSlice: { lua: takeSlice, numberOfKeys: 1 } };
    this.#connection = new RedisConnection(redisUrl, { commandTimeout, scripts });
  }

  /** Connects; rejects with a SettingsError when Redis does not answer in time. */
  async onModuleInit(): Promise<void> {
    this.health.register('limits', () => this.#health());
    const connection = this.#connection;
    if (connection === undefined) return;
    await connection.connected(connectWithinMs).catch((error: Error) => {
      throw new SettingsError([`REDIS_URL: ${error.message}`]);
    });
    connection.redis.on('close', () => this.#fails(connection.lastError));
    this.#timer = setInterval(() => void this.#look(), lookMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    this.#connection?.close();
  }

  /** True when there is a Redis and it answers. */
  get usable(): boolean {
    return this.#connection?.up === true && !this.#failing;
  }

  /** Takes a slice; undefined when Redis did not answer. */
  async take(tenantId: TenantId, { limit, wanted, count, alone, unused }: Ask): Promise<Told | undefined> {
    const { startedAt, present, before } = count;
    const values = [windowMs, limit, wanted, startedAt, present, before, alone, unused];
    try {
      const reply = await this.#connection?.redis.takeSlice(`s101:limits:${tenantId}`, ...values);
      if (reply === undefined) return undefined;
      const [granted, start, presentNow, beforeNow, now] = reply;
      return { granted, count: { startedAt: start, present: presentNow, before: beforeNow }, now };
    } catch (error) {
      this.#fails(error);
      return undefined;
    }
  }

  #fails(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.log.error({ error }, 'Redis does not answer: this gateway counts the limits of requests for itself');
  }

  async #look(): Promise<void> {
    if (!this.#failing || this.#connection?.up !== true) return;
    try {
      await this.#connection.redis.ping();
    } catch {
      return;
    }
    this.#failing = false;
    this.log.info({}, 'Redis answers again: the limits of requests are counted together');
  }

  async #health(): Promise<PartHealth> {
    if (this.#connection === undefined) {
      return {
        part: 'limits',
        using: 'in process',
        state: 'degraded',
        hint: 'set REDIS_URL: several gateways then count together',
      };
    }
    if (this.usable) await this.#connection.redis.ping().catch((error: unknown) => this.#fails(error));
    if (this.usable) return { part: 'limits', using: 'Redis', state: 'up' };
    // Not down: a gateway that is taken out of service because of this would be worse than one that counts for itself.
    return {
      part: 'limits',
      using: 'in process',
      state: 'degraded',
      hint: `${this.#connection.outage}; each gateway counts for itself`,
    };
  }
}
