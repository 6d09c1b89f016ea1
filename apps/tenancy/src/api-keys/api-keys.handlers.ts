import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/tenancy';
import { Answers } from '@support101/messaging';
import { ApiKeysService } from './api-keys.service.js';

/** Answers what is asked about a tenant's API keys. */
@Controller()
export class ApiKeysHandlers {
  constructor(private readonly keys: ApiKeysService) {}

  @Answers(contract.createApiKey)
  create(input: InputOf<typeof contract.createApiKey>, caller: TenantCaller): Promise<contract.NewApiKey> {
    return this.keys.create(input, caller);
  }

  @Answers(contract.listApiKeys)
  list(input: InputOf<typeof contract.listApiKeys>): Promise<OutputOf<typeof contract.listApiKeys>> {
    return this.keys.list(input);
  }

  @Answers(contract.revokeApiKey)
  async revoke(
    input: InputOf<typeof contract.revokeApiKey>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.revokeApiKey>> {
    await this.keys.revoke(input, caller);
    return {};
  }

  @Answers(contract.rotateApiKey)
  rotate(input: InputOf<typeof contract.rotateApiKey>, caller: TenantCaller): Promise<contract.NewApiKey> {
    return this.keys.rotate(input, caller);
  }
}
