import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/learning';
import { Answers } from '@support101/messaging';
import { PlaybooksService } from './playbooks.service.js';

/** Answers what is asked about playbooks. */
@Controller()
export class PlaybooksHandlers {
  constructor(private readonly playbooks: PlaybooksService) {}

  @Answers(contract.extractPlaybook)
  extract(input: InputOf<typeof contract.extractPlaybook>, caller: TenantCaller): Promise<contract.Playbook> {
    return this.playbooks.extract(input, caller);
  }

  @Answers(contract.listPlaybooks)
  list(input: InputOf<typeof contract.listPlaybooks>, caller: TenantCaller): Promise<OutputOf<typeof contract.listPlaybooks>> {
    return this.playbooks.list(input, caller);
  }

  @Answers(contract.getPlaybook)
  get(input: InputOf<typeof contract.getPlaybook>, caller: TenantCaller): Promise<contract.Playbook> {
    return this.playbooks.get(input, caller);
  }
}
