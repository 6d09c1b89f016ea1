import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  DomainError,
  isDomainError,
  serviceCaller,
  type EventEnvelope,
  type PermissionGrant,
  type Principal,
  type TenantId,
} from '@support101/contracts';
import {
  permissionGranted,
  permissionRevoked,
  resolvePermissions,
  roleAssigned,
  roleRevoked,
} from '@support101/contracts/governance';
import { CommandClient, type Subscription } from '@support101/messaging';
import { Clock, LOG, type Log } from '@support101/service-kit';
import { ExpiringMap } from '../platform/expiring-map.js';
import { PARTS, type GatewayParts } from '../platform/parts.js';

/** Whose grants are asked for, and as part of which request. */
export interface Holder {
  readonly tenantId: TenantId;
  readonly principal: Principal;
  readonly correlationId: string;
}

interface Answer {
  readonly grants: readonly PermissionGrant[];
  readonly tenantId: TenantId;
  readonly principalId: string;
  /** Unix ms until which governance need not be asked again, and until which this may stand in for it. */
  readonly freshUntil: number;
  readonly until: number;
}

/** How long an answer is taken for true, in milliseconds: a change that was not heard of takes effect after it. */
const freshMs = 5_000;
/** How long the last answer stands in for governance while it cannot be asked, in milliseconds since it was given. */
const lastKnownMs = 60_000;
/** How long governance is left alone about a principal after it did not answer, in milliseconds. */
const pauseMs = 1_000;
/** How long an answer may take, in milliseconds: a person waits for it. */
const timeoutMs = 2_000;

const changes: readonly string[] = [permissionGranted.type, permissionRevoked.type, roleAssigned.type, roleRevoked.type];

/** What governance says principals are granted: own roles and grants, beyond the built-in roles of their credentials. */
@Injectable()
export class GrantsService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #answers = new ExpiringMap<Answer>(20_000);
  /** Principals about whom governance did not answer, and about whom nothing is known. */
  readonly #unanswered = new ExpiringMap<DomainError>(20_000);
  readonly #asking = new Map<string, Promise<readonly PermissionGrant[]>>();
  /** Counts the changes: an answer that was asked for before one must not be remembered after it. */
  #changed = 0;
  #subscription: Subscription | undefined;

  constructor(
    private readonly client: CommandClient,
    private readonly clock: Clock,
    @Inject(PARTS) private readonly parts: GatewayParts,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.#subscription = await this.parts.transport.observe({ types: changes }, (event) => this.#forget(event));
  }

  async onModuleDestroy(): Promise<void> {
    await this.#subscription?.close();
  }

  /**
   * Everything the principal is granted; what has expired may be among it. Throws `service_unavailable` when governance
   * cannot be asked and has said nothing of the principal for a minute.
   */
  async of(holder: Holder): Promise<readonly PermissionGrant[]> {
    const key = keyOf(holder);
    const now = this.clock.now().getTime();
    const known = this.#answers.get(key, now);
    if (known !== undefined && known.freshUntil > now) return known.grants;
    const unanswered = this.#unanswered.get(key, now);
    if (unanswered !== undefined) throw unanswered;
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    const asking = this.#ask(key, holder).finally(() => {
      if (this.#asking.get(key) === asking) this.#asking.delete(key);
    });
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(key: string, { tenantId, principal, correlationId }: Holder): Promise<readonly PermissionGrant[]> {
    const changed = this.#changed;
    const { id: principalId, roles } = principal;
    const caller = serviceCaller('gateway', correlationId, tenantId);
    try {
      const { grants } = await this.client.call(resolvePermissions, { principalId, roles }, caller, { timeoutMs });
      const now = this.clock.now().getTime();
      const answer = { grants, tenantId, principalId, freshUntil: now + freshMs, until: now + lastKnownMs };
      if (changed === this.#changed) this.#answers.set(key, answer, answer.until);
      return grants;
    } catch (error) {
      return this.#lastKnown(key, error);
    }
  }

  /** A right that was revoked could not be revoked while governance is away: its last answer holds, but not for long. */
  #lastKnown(key: string, error: unknown): readonly PermissionGrant[] {
    const now = this.clock.now().getTime();
    const known = this.#answers.get(key, now);
    this.log.warn({ error, lastKnown: known !== undefined }, 'governance did not say what a principal is granted');
    if (known !== undefined) {
      this.#answers.set(key, { ...known, freshUntil: now + pauseMs }, known.until);
      return known.grants;
    }
    const refusal = new DomainError('service_unavailable', 'What the caller is granted cannot be looked up now.', {
      retryAfterSeconds: pauseMs / 1000,
      ...(isDomainError(error) ? { facts: { code: error.code } } : {}),
      cause: error,
    });
    this.#unanswered.set(key, refusal, now + pauseMs);
    throw refusal;
  }

  #forget({ tenantid, data }: EventEnvelope): void {
    this.#changed += 1;
    // Whoever asks from now on must not get an answer from before the change.
    this.#asking.clear();
    this.#answers.forget(({ tenantId, principalId }) => tenantId === tenantid && principalId === data['principalId']);
  }
}

/** Ids hold no line feed, roles neither: what differs has another key. */
function keyOf({ tenantId, principal }: Holder): string {
  return [tenantId, principal.id, ...principal.roles].join('\n');
}
