import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { isDomainError, serviceCaller, TenantId, type ErrorCode } from '@support101/contracts';
import { recordAudit } from '@support101/contracts/governance';
import { CommandClient } from '@support101/messaging';
import { LOG, newId, type Log } from '@support101/service-kit';
import { systemTime, type TimeSource } from '@support101/time';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import {
  add,
  type AuditInput,
  entryOf,
  type Happening,
  isRecorded,
  isUnreadable,
  newTally,
  type Tally,
  tallyKey,
} from './refusals.rules.js';

/** Entries of one tenant that are sent together. An entry keeps its id, so what is sent twice is recorded once. */
interface Batch {
  readonly tenantId: TenantId;
  readonly entries: AuditInput[];
  attempts: number;
}

type Refused = Omit<Happening, 'kind' | 'tenantId'> & { readonly tenantId: TenantId | undefined };

type Outcome = 'done' | 'failed' | 'unavailable';

/** How long happenings are counted together, and between two tries at least, in milliseconds. */
const windowMs = 1_000;
/** Between two tries at most, in milliseconds. */
const longestPauseMs = 15_000;
/** Tallies that wait at most: some megabytes. */
const mostTallies = 5_000;
const mostInBatch = 200;
const mostAttempts = 20;
/** How long closing waits for governance, in milliseconds. */
const lastChanceMs = 3_000;

/** Errors that trying again does not mend. */
const final: readonly ErrorCode[] = ['validation_failed', 'payload_too_large', 'forbidden', 'tenant_required'];

/**
 * Tells the audit what happens at the door and has no event. Nothing waits for it: happenings are counted for a second,
 * then sent; while governance is away they go on being counted, so a flood takes no more room than its kinds and principals.
 */
@Injectable()
export class RefusalsService implements OnApplicationShutdown {
  #tallies = new Map<string, Tally>();
  #batches: Batch[] = [];
  /** Entries that stand for themselves. */
  #entries: { readonly tenantId: TenantId; readonly entry: AuditInput }[] = [];
  /** Happenings that there was no room for. */
  #dropped = 0;
  #failures = 0;
  #cancel: (() => void) | undefined;
  #sending: Promise<void> | undefined;
  #closed = false;
  readonly #time: TimeSource;

  constructor(
    private readonly client: CommandClient,
    @Inject(PARTS) parts: GatewayParts,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.#time = parts.time ?? systemTime;
  }

  /** Takes note of a refusal, if it is one that belongs on an audit: of a principal whose tenant is known. */
  refused(error: unknown, request: Refused): void {
    this.#noteIf(isRecorded, error, request);
  }

  /** Takes note of a change that was asked for and could not be read, if that is why it failed. */
  unreadable(error: unknown, request: Refused): void {
    this.#noteIf(isUnreadable, error, request);
  }

  /** Takes note of a happening. */
  note(happening: Happening): void {
    const key = tallyKey(happening);
    const tally = this.#tallies.get(key);
    const now = this.#time.now();
    if (tally !== undefined) add(tally, happening, now);
    else if (this.#tallies.size < mostTallies) this.#tallies.set(key, newTally(happening, now));
    else this.#dropped += 1;
    this.#wakeSoon();
  }

  /** Tells the audit of something that is not counted together with others. */
  tell(tenantId: TenantId, entry: AuditInput): void {
    if (this.#entries.length < mostTallies) this.#entries.push({ tenantId, entry });
    else this.#dropped += 1;
    this.#wakeSoon();
  }

  /** After the last request was answered: sends what there is, and says what could not be sent. */
  async onApplicationShutdown(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, lastChanceMs).unref());
    await Promise.race([deadline, this.#sendAll()]);
    const waiting = this.#tallies.size + this.#entries.length;
    const lost = this.#batches.reduce((sum, { entries }) => sum + entries.length, waiting);
    if (lost > 0) this.log.error({ entries: lost }, 'the audit misses entries: governance could not be told before the end');
  }

  async #sendAll(): Promise<void> {
    await this.#sending;
    await this.#sendWaiting();
    if (this.#batches.length === 0) await this.#sendWaiting();
  }

  #noteIf(belongs: (code: ErrorCode) => boolean, error: unknown, request: Refused): void {
    const { tenantId } = request;
    if (tenantId === undefined || !isDomainError(error) || !belongs(error.code)) return;
    this.note({ ...request, tenantId, kind: error.code });
  }

  #wakeSoon(): void {
    if (this.#cancel === undefined && this.#sending === undefined && !this.#closed) this.#wake(windowMs);
  }

  #wake(afterMs: number): void {
    this.#cancel = this.#time.schedule(afterMs, () => {
      this.#cancel = undefined;
      this.#sending = this.#sendWaiting().finally(() => {
        this.#sending = undefined;
        const waits = this.#batches.length + this.#tallies.size + this.#entries.length > 0;
        if (waits && !this.#closed) this.#wake(Math.min(windowMs * 2 ** this.#failures, longestPauseMs));
      });
      return this.#sending;
    });
  }

  /** Sends what waited before; once that is gone, what was counted meanwhile. */
  async #sendWaiting(): Promise<void> {
    if (this.#batches.length === 0) this.#batches = this.#takeWaiting();
    if (this.#dropped > 0) {
      this.log.error({ happenings: this.#dropped }, 'the audit misses entries: too much happened at once');
      this.#dropped = 0;
    }
    const kept: Batch[] = [];
    let away = false;
    for (const batch of this.#batches) {
      const outcome: Outcome = away ? 'unavailable' : await this.#send(batch);
      away ||= outcome === 'unavailable';
      if (outcome !== 'done') kept.push(batch);
    }
    this.#batches = kept;
    this.#failures = kept.length === 0 ? 0 : this.#failures + 1;
  }

  #takeWaiting(): Batch[] {
    const open = new Map<TenantId, Batch>();
    const batches: Batch[] = [];
    const tallied = [...this.#tallies.values()].map((tally) => ({
      tenantId: tally.first.tenantId,
      entry: entryOf(tally, newId('evt')),
    }));
    for (const { tenantId, entry } of [...tallied, ...this.#entries]) {
      let batch = open.get(tenantId);
      if (batch === undefined || batch.entries.length === mostInBatch) {
        batch = { tenantId, entries: [], attempts: 0 };
        open.set(tenantId, batch);
        batches.push(batch);
      }
      batch.entries.push(entry);
    }
    this.#tallies = new Map();
    this.#entries = [];
    return batches;
  }

  async #send(batch: Batch): Promise<Outcome> {
    const { tenantId, entries } = batch;
    try {
      const caller = serviceCaller('gateway', newId('cor'), tenantId);
      await this.client.call(recordAudit, { tenantId, entries }, caller, { timeoutMs: 5_000 });
      return 'done';
    } catch (error) {
      batch.attempts += 1;
      const code = isDomainError(error) ? error.code : 'internal';
      if (code === 'service_unavailable' || code === 'deadline_exceeded') {
        this.log.warn({ error, tenantId }, 'the audit could not be told of entries yet');
        return 'unavailable';
      }
      const over = final.includes(code) || batch.attempts >= mostAttempts;
      const message = over ? 'the audit misses entries: they were not taken' : 'the audit did not take entries';
      this.log.error({ error, tenantId, entries: entries.length }, message);
      return over ? 'done' : 'failed';
    }
  }
}
