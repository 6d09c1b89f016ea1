import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type Caller, serviceCaller, type TenantId } from '@support101/contracts';
import {
  type RefusalReason,
  webhookRefused,
  type WebhookProvider,
  type WebhookSourceId,
} from '@support101/contracts/webhook-gateway';
import { Database, detached } from '@support101/database';
import { Outbox } from '@support101/messaging';
import { Clock, LOG, type Log } from '@support101/service-kit';

/** A refused webhook to a source that there is, or was. */
export interface Refusal {
  readonly tenantId: TenantId;
  readonly sourceId: WebhookSourceId;
  readonly provider: WebhookProvider;
  readonly reason: RefusalReason;
}

interface Counted {
  first: Refusal | undefined;
  count: number;
  since: Date;
  readonly timer: NodeJS.Timeout;
}

/** How long refusals of one source are counted before they are told, in milliseconds. */
const countForMs = 60_000;
/** Sources that are counted at once; beyond it a flood is over many sources, and the log is enough. */
const maxSources = 10_000;

/**
 * Tells tenants of refused webhooks: the first at once, those of the next minute as one. Whoever floods an address makes
 * no more rows than that, and is not answered later for it.
 */
@Injectable()
export class InboundRefusalsService implements OnModuleDestroy {
  readonly #counted = new Map<WebhookSourceId, Counted>();
  readonly #writing = new Set<Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Returns at once; a failure to write is logged. */
  note(refusal: Refusal, correlationId: string): void {
    const { sourceId } = refusal;
    const counted = this.#counted.get(sourceId);
    if (counted !== undefined) {
      counted.first ??= refusal;
      counted.count += 1;
      return;
    }
    if (this.#counted.size >= maxSources) {
      this.log.warn({ sourceId, reason: refusal.reason }, 'too many sources are refused at once: not recorded');
      return;
    }
    const timer = setInterval(() => this.#tell(sourceId), countForMs).unref();
    this.#counted.set(sourceId, { first: undefined, count: 0, since: this.clock.now(), timer });
    this.#write(refusal, 1, this.clock.now(), correlationId);
  }

  /** Writes what has been counted so far. */
  async writeAll(): Promise<void> {
    for (const sourceId of this.#counted.keys()) this.#tell(sourceId);
    await Promise.all(this.#writing);
  }

  async onModuleDestroy(): Promise<void> {
    for (const { timer } of this.#counted.values()) clearInterval(timer);
    await this.writeAll();
  }

  /** The end of a source's minute. A quiet one ends the counting. */
  #tell(sourceId: WebhookSourceId): void {
    const counted = this.#counted.get(sourceId);
    if (counted === undefined) return;
    const { first, count, since, timer } = counted;
    if (first === undefined) {
      clearInterval(timer);
      this.#counted.delete(sourceId);
      return;
    }
    Object.assign(counted, { first: undefined, count: 0, since: this.clock.now() });
    this.#write(first, count, since, `refusals-${sourceId}`);
  }

  #write({ tenantId, sourceId, provider, reason }: Refusal, count: number, since: Date, correlationId: string): void {
    const caller: Caller = serviceCaller('webhook-gateway', correlationId, tenantId);
    const data = { sourceId, provider, reason, count, since: since.toISOString() };
    const writing = detached(() =>
      this.database.forTenant(tenantId, (tx) => this.outbox.record(tx, webhookRefused, data, caller)),
    )
      .then(() => undefined)
      .catch((error: unknown) => this.log.warn({ error, ...data }, 'refused webhooks could not be recorded'))
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}
