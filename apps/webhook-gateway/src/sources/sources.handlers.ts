import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/webhook-gateway';
import { Answers } from '@support101/messaging';
import { SourcesService } from './sources.service.js';

/** Answers what is asked about a tenant's webhook sources. */
@Controller()
export class SourcesHandlers {
  constructor(private readonly sources: SourcesService) {}

  @Answers(contract.createWebhookSource)
  create(input: InputOf<typeof contract.createWebhookSource>, caller: TenantCaller): Promise<contract.WebhookSourceWithSecret> {
    return this.sources.create(input, caller);
  }

  @Answers(contract.listWebhookSources)
  list(
    input: InputOf<typeof contract.listWebhookSources>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.listWebhookSources>> {
    return this.sources.list(input, caller);
  }

  @Answers(contract.updateWebhookSource)
  update(input: InputOf<typeof contract.updateWebhookSource>, caller: TenantCaller): Promise<contract.WebhookSourceWithSecret> {
    return this.sources.update(input, caller);
  }

  @Answers(contract.deleteWebhookSource)
  async delete(
    input: InputOf<typeof contract.deleteWebhookSource>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.deleteWebhookSource>> {
    await this.sources.delete(input, caller);
    return {};
  }

  @Answers(contract.webhookSourceStats)
  stats(
    _: InputOf<typeof contract.webhookSourceStats>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.webhookSourceStats>> {
    return this.sources.stats(caller);
  }
}
