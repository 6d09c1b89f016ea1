import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DomainError, type OutputOf } from '@support101/contracts';
import type { authenticateKey } from '@support101/contracts/tenancy';
import { Database } from '@support101/database';
import { Clock, LOG, type Log } from '@support101/service-kit';
import { hashOf, keyStatus, readKey } from '../api-keys/api-keys.service.js';
import { limitsOf } from '../tenants/tenants.service.js';
import { AuthenticationRepository, type Credential, type KeyUse } from './authentication.repository.js';

/** How long uses of keys are collected before they are written, in milliseconds. */
const collectForMs = 30_000;

/** Tells whose key a credential is. */
@Injectable()
export class AuthenticationService implements OnApplicationShutdown {
  readonly #uses = new Map<string, KeyUse>();
  #writing: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly credentials: AuthenticationRepository,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Whatever is wrong with a key, the answer is the same: it tells nobody which keys exist. */
  async authenticate(presented: string): Promise<OutputOf<typeof authenticateKey>> {
    const credential = await this.#find(presented);
    if (credential === undefined) throw new DomainError('unauthenticated');
    if (credential.status !== 'active') throw new DomainError('tenant_inactive', `The tenant is ${credential.status}.`);
    const { tenantId, keyId, roles, expiresAt, tier, ownLimits } = credential;
    this.#remember({ tenantId, keyId, at: this.clock.now() });
    const { maxRequestsPerMinute } = limitsOf(tier, ownLimits);
    return {
      tenantId,
      keyId,
      roles,
      limits: { maxRequestsPerMinute },
      ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }),
    };
  }

  /** Writes the uses collected so far. Those of a process that is killed are lost: they are for people to look at only. */
  async writeUses(): Promise<void> {
    clearTimeout(this.#writing);
    this.#writing = undefined;
    const uses = [...this.#uses.values()];
    if (uses.length === 0) return;
    this.#uses.clear();
    try {
      await this.database.burstAsSystem('credentials', (tx) => this.credentials.recordUses(tx, uses));
    } catch (error) {
      this.log.warn({ error, keys: uses.length }, 'the last use of API keys could not be written');
    }
  }

  onApplicationShutdown(): Promise<void> {
    return this.writeUses();
  }

  async #find(presented: string): Promise<Credential | undefined> {
    const key = readKey(presented);
    if (key === undefined) return undefined;
    const credential = await this.database.burstAsSystem('credentials', (tx) => this.credentials.find(tx, key.publicId));
    if (credential === undefined || !timingSafeEqual(credential.secretHash, hashOf(key.secret))) return undefined;
    return keyStatus(credential, this.clock.now()) === 'active' ? credential : undefined;
  }

  #remember(use: KeyUse): void {
    this.#uses.set(use.keyId, use);
    this.#writing ??= setTimeout(() => void this.writeUses(), collectForMs).unref();
  }
}
