import { Injectable } from '@nestjs/common';
import { DomainError, type InputOf, type OutputOf, type TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, pageOf } from '@support101/service-kit';
import { DecisionsService } from '../decisions/decisions.service.js';
import { GovernanceDatabase } from '../platform/governance-database.js';
import { PermissionsRepository } from './permissions.repository.js';
import * as rules from './permissions.rules.js';

/** Roles, who has them, and grants beyond roles: changed here, and every change an event. */
@Injectable()
export class PermissionsService {
  constructor(
    private readonly database: GovernanceDatabase,
    private readonly permissions: PermissionsRepository,
    private readonly decisions: DecisionsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async listRoles(
    { cursor, limit }: InputOf<typeof contract.listRoles>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listRoles>> {
    const after = keyOfCursor(contract.RoleName, cursor);
    const own = await this.database.forTenant(tenantId, (tx) => this.decisions.ownRoles(tx, tenantId));
    const found = rules.listed(own, after, limit);
    return pageOf(found, limit, ({ name }) => name, toRole);
  }

  createRole(input: InputOf<typeof contract.createRole>, caller: TenantCaller): Promise<contract.Role> {
    return this.database.once(contract.createRole, input, caller, async (tx) => {
      const { tenantId } = caller;
      await this.permissions.hold(tx, tenantId);
      rules.checkNewRole(input, await this.decisions.ownRoles(tx, tenantId));
      const added = await this.permissions.addRole(tx, tenantId, input, this.clock.now());
      if (!added) throw new DomainError('role_exists');
      const { name, permissions, inheritsFrom } = input;
      await this.outbox.record(tx, contract.roleCreated, { name, permissions, inheritsFrom }, caller);
      return toRole({ ...input, builtIn: false });
    });
  }

  assignRole(input: InputOf<typeof contract.assignRole>, caller: TenantCaller): Promise<OutputOf<typeof contract.assignRole>> {
    return this.database.once(contract.assignRole, input, caller, async (tx) => {
      const { tenantId } = caller;
      const granted = await this.decisions.grantsOfRole(tx, tenantId, input.role);
      await this.decisions.requireMayGive(tx, caller, granted);
      const added = await this.permissions.assign(tx, tenantId, input.principalId, input.role, this.clock.now());
      if (added) await this.outbox.record(tx, contract.roleAssigned, input, caller);
      return input;
    });
  }

  async revokeRole(input: InputOf<typeof contract.revokeRole>, caller: TenantCaller): Promise<void> {
    await this.database.forTenant(caller.tenantId, async (tx) => {
      const removed = await this.permissions.unassign(tx, caller.tenantId, input.principalId, input.role);
      if (removed) await this.outbox.record(tx, contract.roleRevoked, input, caller);
    });
  }

  async get(
    { principalId }: InputOf<typeof contract.getPermissions>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.getPermissions>> {
    const held = await this.database.forTenant(tenantId, (tx) => this.decisions.holdings(tx, tenantId, principalId));
    const { credential } = held;
    return {
      principalId,
      roles: [...held.roles],
      permissions: held.grants.map(toGrant),
      credential:
        credential === undefined ? null : { roles: [...credential.roles], endsAt: credential.endsAt?.toISOString() ?? null },
    };
  }

  grant(
    input: InputOf<typeof contract.grantPermission>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.grantPermission>> {
    return this.database.once(contract.grantPermission, input, caller, async (tx) => {
      const { principalId, ...grant } = input;
      const now = this.clock.now();
      rules.checkExpiry(grant.expiresAt, now);
      await this.decisions.requireMayGive(tx, caller, [grant]);
      await this.permissions.hold(tx, caller.tenantId);
      const { grants } = await this.decisions.holdings(tx, caller.tenantId, principalId);
      rules.checkRoom(grants, grant);
      await this.permissions.grant(tx, caller.tenantId, principalId, grant, now);
      await this.outbox.record(tx, contract.permissionGranted, input, caller);
      return input;
    });
  }

  async revoke(input: InputOf<typeof contract.revokePermission>, caller: TenantCaller): Promise<void> {
    await this.database.forTenant(caller.tenantId, async (tx) => {
      const removed = await this.permissions.revoke(tx, caller.tenantId, input.principalId, input.resource);
      if (removed) await this.outbox.record(tx, contract.permissionRevoked, input, caller);
    });
  }
}

function toRole({ name, description, permissions, inheritsFrom, builtIn }: rules.ListedRole): contract.Role {
  return { name, description, permissions: permissions.map(toGrant), inheritsFrom: [...inheritsFrom], builtIn };
}

function toGrant({ except, ...grant }: rules.ListedRole['permissions'][number]): contract.Grant {
  return { ...grant, ...(except === undefined ? {} : { except: [...except] }) };
}
