import { Injectable } from '@nestjs/common';
import {
  builtInRole,
  type Caller,
  DomainError,
  effectiveGrants,
  type FindRole,
  type InputOf,
  KeyId,
  type OutputOf,
  type PermissionGrant,
  requireMayGive,
  type RoleDefinition,
  type TenantCaller,
  type TenantId,
} from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import type { apiKeyCreated, apiKeyRevoked, apiKeyRotated, tenantDeleted } from '@support101/contracts/tenancy';
import { Database, type Tx } from '@support101/database';
import { type Delivery, Inbox, Outbox } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { DecisionsRepository } from './decisions.repository.js';
import * as rules from './decisions.rules.js';

const everything: readonly PermissionGrant[] = [{ resource: '*', level: 'admin' }];

/** Decides who may do what, from what was granted. */
@Injectable()
export class DecisionsService {
  constructor(
    private readonly database: Database,
    private readonly held: DecisionsRepository,
    private readonly inbox: Inbox,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  check(
    { principalId, resource, level }: InputOf<typeof contract.checkPermission>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.checkPermission>> {
    const isKey = KeyId.safeParse(principalId).success;
    return this.database.forTenant(tenantId, async (tx) => {
      const holdings = await this.held.holdings(tx, tenantId, principalId);
      const find = await this.#finding(tx, tenantId, [...holdings.roles, ...(holdings.credential?.roles ?? [])]);
      return rules.decide(holdings, find, { resource, level, at: this.clock.now(), isKey });
    });
  }

  resolve(
    { principalId, roles }: InputOf<typeof contract.resolvePermissions>,
    { tenantId }: Caller,
  ): Promise<OutputOf<typeof contract.resolvePermissions>> {
    if (tenantId === undefined) throw new DomainError('tenant_required');
    return this.database.forTenant(tenantId, async (tx) => {
      const grants = await this.#grantsOf(tx, tenantId, { id: principalId, roles });
      return { grants: grants.map(toContract) };
    });
  }

  /** What is known of a principal, in the caller's transaction. */
  holdings(tx: Tx, tenantId: TenantId, principalId: string): Promise<rules.Holdings> {
    return this.held.holdings(tx, tenantId, principalId);
  }

  /** The tenant's own roles, in the caller's transaction. */
  ownRoles(tx: Tx, tenantId: TenantId): Promise<RoleDefinition[]> {
    return this.held.ownRoles(tx, tenantId);
  }

  /** Throws `forbidden` unless the caller has what is given: nobody gives away more than they have. */
  async requireMayGive(tx: Tx, { tenantId, principal }: TenantCaller, wanted: readonly PermissionGrant[]): Promise<void> {
    if (principal.type === 'platform' || principal.type === 'service') return;
    requireMayGive(await this.#grantsOf(tx, tenantId, principal), wanted);
  }

  /** Everything that a role grants, in the caller's transaction; throws `role_not_found`. */
  async grantsOfRole(tx: Tx, tenantId: TenantId, role: string): Promise<PermissionGrant[]> {
    const find = await this.#finding(tx, tenantId, [role]);
    if (find(role) === undefined) throw new DomainError('role_not_found');
    return effectiveGrants({ grants: [], roles: [role] }, find);
  }

  async keyMade(delivery: Delivery<typeof apiKeyCreated>): Promise<void> {
    const { tenantid, data } = delivery.event;
    const endsAt = data.expiresAt === undefined ? null : new Date(data.expiresAt);
    await this.inbox.once(delivery, (tx) => this.held.keyMade(tx, tenantid, data.keyId, data.roles, endsAt));
  }

  async keyRevoked(delivery: Delivery<typeof apiKeyRevoked>): Promise<void> {
    const { tenantid, data, time } = delivery.event;
    await this.inbox.once(delivery, (tx) => this.held.keyEnds(tx, tenantid, data.keyId, new Date(time)));
  }

  async keyRotated(delivery: Delivery<typeof apiKeyRotated>): Promise<void> {
    const { tenantid, data } = delivery.event;
    await this.inbox.once(delivery, async (tx) => {
      await this.held.keyEnds(tx, tenantid, data.keyId, new Date(data.endsAt));
      await this.#handDown(tx, delivery);
    });
  }

  async removeAll(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    await this.inbox.once(delivery, (tx) => this.held.removeAll(tx, delivery.event.tenantid));
  }

  /** Gives a key's successor what the key has here now; from then on the two are changed each by itself. */
  async #handDown(tx: Tx, { event, caller }: Delivery<typeof apiKeyRotated>): Promise<void> {
    const { tenantid: tenantId, data } = event;
    const held = await this.held.holdings(tx, tenantId, data.keyId);
    if (held.roles.length + held.grants.length === 0) return;
    const find = await this.#finding(tx, tenantId, held.roles);
    const given = rules.inheritable(held, find, await this.#givenBy(tx, caller, data.keyId));
    const added = await this.held.add(tx, tenantId, data.replacedBy, given, new Date(event.time));
    const principalId = data.replacedBy;
    const facts = [
      ...added.roles.map((role) => this.outbox.fact(contract.roleAssigned, { principalId, role }, caller)),
      ...added.grants.map((grant) => this.outbox.fact(contract.permissionGranted, { principalId, ...toContract(grant) }, caller)),
    ];
    await this.outbox.recordAll(tx, facts);
  }

  /**
   * What somebody who replaced a key may hand down. They are shown the new key, so nobody else's rights are for them to
   * take; the key's own holder has them already.
   */
  async #givenBy(tx: Tx, { tenantId, principal }: TenantCaller, replaced: KeyId): Promise<readonly PermissionGrant[]> {
    if (principal.type === 'platform' || principal.id === replaced) return everything;
    const { credential } = await this.held.holdings(tx, tenantId, principal.id);
    // Its making is an event of another resource and may come later: this one is given again then.
    if (principal.type === 'key' && credential === undefined) throw new Error(`nothing is known of ${principal.id} yet`);
    return this.#grantsOf(tx, tenantId, { id: principal.id, roles: credential?.roles ?? [] });
  }

  async #grantsOf(tx: Tx, tenantId: TenantId, principal: { id: string; roles: readonly string[] }): Promise<PermissionGrant[]> {
    const { roles, grants } = await this.held.holdings(tx, tenantId, principal.id);
    const all = [...new Set([...principal.roles, ...roles])];
    return rules.grantsAt({ grants, roles: all }, await this.#finding(tx, tenantId, all), this.clock.now());
  }

  /** Most principals have built-in roles only, which are in no database. */
  async #finding(tx: Tx, tenantId: TenantId, names: readonly string[]): Promise<FindRole> {
    const builtIn = names.every((name) => builtInRole(name) !== undefined);
    return rules.findingRole(builtIn ? [] : await this.held.ownRoles(tx, tenantId));
  }
}

function toContract({ except, ...grant }: PermissionGrant): contract.Grant {
  return { ...grant, ...(except && { except: [...except] }) };
}
