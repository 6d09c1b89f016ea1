import { hash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  DomainError,
  isDomainError,
  serviceCaller,
  type EventEnvelope,
  type KeyId,
  type OutputOf,
  type Principal,
  type TenantId,
} from '@support101/contracts';
import {
  apiKeyRevoked,
  apiKeyRotated,
  authenticateKey,
  limitsChanged,
  tenantActivated,
  tenantDeactivated,
  tenantDeleted,
  tenantSuspended,
  tenantUpdated,
} from '@support101/contracts/tenancy';
import { CommandClient, type Subscription } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { ExpiringMap } from '../platform/expiring-map.js';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import { bearerCredential, looksLikeTenantKey, rememberUntil } from './authentication.rules.js';

/** Whom a credential belongs to. A tenant's credential names its tenant, the platform's none. */
export interface Identity {
  readonly principal: Principal;
  readonly tenantId?: TenantId;
  /** Of the tenant; the platform has no limit. */
  readonly maxRequestsPerMinute?: number;
}

/** Who calls a public contract: nobody in particular. */
export const anonymous: Identity = { principal: { type: 'user', id: 'anonymous', roles: [] } };

const platform: Identity = { principal: { type: 'platform', id: 'platform', roles: [] } };

type Owner = OutputOf<typeof authenticateKey>;
type Known = Identity & { readonly keyId: KeyId };

const keyEvents: readonly string[] = [apiKeyRevoked.type, apiKeyRotated.type];
const tenantEvents: readonly string[] = [
  tenantActivated.type,
  tenantSuspended.type,
  tenantDeactivated.type,
  tenantDeleted.type,
  tenantUpdated.type,
  limitsChanged.type,
];

/** Finds out who calls. Owners of keys are remembered for seconds only, and forgotten at once when a key is revoked. */
@Injectable()
export class AuthenticationService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #platformDigest: Buffer | undefined;
  readonly #owners = new ExpiringMap<Known>(20_000);
  /** Kept apart so that guessed keys do not push out real ones. */
  readonly #strangers = new ExpiringMap<DomainError>(20_000);
  readonly #asking = new Map<string, Promise<Known>>();
  /** Counts what was forgotten: an answer that was asked for before must not be remembered after. */
  #forgotten = 0;
  #subscription: Subscription | undefined;

  constructor(
    private readonly client: CommandClient,
    private readonly clock: Clock,
    @Inject(PARTS) private readonly parts: GatewayParts,
  ) {
    const { platformKey } = parts.settings;
    this.#platformDigest = platformKey === undefined ? undefined : digestOf(platformKey);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#subscription = await this.parts.transport.observe({ types: [...keyEvents, ...tenantEvents] }, (event) =>
      this.#forget(event),
    );
  }

  async onModuleDestroy(): Promise<void> {
    await this.#subscription?.close();
  }

  /** The owner of the credential in an Authorization header; throws `unauthenticated` or `tenant_inactive`. */
  async authenticate(authorization: string | undefined, correlationId: string): Promise<Identity> {
    if (authorization === undefined) throw new DomainError('unauthenticated', 'The request carries no credentials.');
    const credential = bearerCredential(authorization);
    if (credential === undefined) throw notValid();
    const digest = digestOf(credential);
    // Digests have one length, and comparing them tells nothing about the key however it fails.
    if (this.#platformDigest !== undefined && timingSafeEqual(digest, this.#platformDigest)) return platform;
    if (!looksLikeTenantKey(credential)) throw notValid();
    return this.#ownerOf(credential, digest.toString('base64'), correlationId);
  }

  async #ownerOf(key: string, digest: string, correlationId: string): Promise<Identity> {
    const now = this.clock.now().getTime();
    const owner = this.#owners.get(digest, now);
    if (owner !== undefined) return owner;
    const refusal = this.#strangers.get(digest, now);
    if (refusal !== undefined) throw refusal;
    const asking = this.#asking.get(digest) ?? this.#ask(key, digest, correlationId).finally(() => this.#asking.delete(digest));
    this.#asking.set(digest, asking);
    return asking;
  }

  async #ask(key: string, digest: string, correlationId: string): Promise<Known> {
    const forgotten = this.#forgotten;
    const { keyCacheMs = 5_000, unknownKeyCacheMs = 1_000 } = this.parts.settings;
    const fresh = (): boolean => this.#forgotten === forgotten;
    try {
      const owner = await this.client.call(authenticateKey, { key }, serviceCaller('gateway', correlationId));
      const known = identityOf(owner);
      if (fresh()) this.#owners.set(digest, known, rememberUntil(this.clock.now().getTime(), keyCacheMs, owner.expiresAt));
      return known;
    } catch (error) {
      const refused = isDomainError(error) && (error.code === 'unauthenticated' || error.code === 'tenant_inactive');
      // Whatever else went wrong says nothing about the key.
      if (refused && fresh()) this.#strangers.set(digest, error, this.clock.now().getTime() + unknownKeyCacheMs);
      throw error;
    }
  }

  #forget({ type, tenantid, data }: EventEnvelope): void {
    this.#forgotten += 1;
    this.#strangers.forget(() => true);
    if (keyEvents.includes(type)) this.#owners.forget(({ keyId }) => keyId === data['keyId']);
    else this.#owners.forget(({ tenantId }) => tenantId === tenantid);
  }
}

function identityOf({ tenantId, keyId, roles, limits }: Owner): Known {
  const { maxRequestsPerMinute } = limits;
  return { tenantId, keyId, maxRequestsPerMinute, principal: { type: 'key', id: keyId, roles } };
}

function digestOf(credential: string): Buffer {
  return hash('sha256', credential, 'buffer');
}

function notValid(): DomainError {
  return new DomainError('unauthenticated', 'The credentials are not valid.');
}
