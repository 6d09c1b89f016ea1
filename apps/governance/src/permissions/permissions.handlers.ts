import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { Answers } from '@support101/messaging';
import { PermissionsService } from './permissions.service.js';

/** Answers what is asked about roles and grants. */
@Controller()
export class PermissionsHandlers {
  constructor(private readonly permissions: PermissionsService) {}

  @Answers(contract.listRoles)
  listRoles(input: InputOf<typeof contract.listRoles>, caller: TenantCaller): Promise<OutputOf<typeof contract.listRoles>> {
    return this.permissions.listRoles(input, caller);
  }

  @Answers(contract.createRole)
  createRole(input: InputOf<typeof contract.createRole>, caller: TenantCaller): Promise<contract.Role> {
    return this.permissions.createRole(input, caller);
  }

  @Answers(contract.assignRole)
  assignRole(input: InputOf<typeof contract.assignRole>, caller: TenantCaller): Promise<OutputOf<typeof contract.assignRole>> {
    return this.permissions.assignRole(input, caller);
  }

  @Answers(contract.revokeRole)
  async revokeRole(input: InputOf<typeof contract.revokeRole>, caller: TenantCaller): Promise<Record<string, never>> {
    await this.permissions.revokeRole(input, caller);
    return {};
  }

  @Answers(contract.getPermissions)
  get(input: InputOf<typeof contract.getPermissions>, caller: TenantCaller): Promise<OutputOf<typeof contract.getPermissions>> {
    return this.permissions.get(input, caller);
  }

  @Answers(contract.grantPermission)
  grant(
    input: InputOf<typeof contract.grantPermission>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.grantPermission>> {
    return this.permissions.grant(input, caller);
  }

  @Answers(contract.revokePermission)
  async revoke(input: InputOf<typeof contract.revokePermission>, caller: TenantCaller): Promise<Record<string, never>> {
    await this.permissions.revoke(input, caller);
    return {};
  }
}
