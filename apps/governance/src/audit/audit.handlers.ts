import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { Answers, type CommandContext } from '@support101/messaging';
import { AuditService } from './audit.service.js';

type Page = OutputOf<typeof contract.listAudit>;

/** Answers what is asked about the audit. */
@Controller()
export class AuditHandlers {
  constructor(private readonly audit: AuditService) {}

  @Answers(contract.listAudit)
  list(input: InputOf<typeof contract.listAudit>, caller: TenantCaller): Promise<Page> {
    return this.audit.list(input, caller);
  }

  @Answers(contract.exportAudit)
  export(input: InputOf<typeof contract.exportAudit>, caller: TenantCaller): Promise<Page> {
    return this.audit.export(input, caller);
  }

  @Answers(contract.getAuditEntry)
  get(input: InputOf<typeof contract.getAuditEntry>, caller: TenantCaller): Promise<contract.AuditEntry> {
    return this.audit.get(input, caller);
  }

  @Answers(contract.auditOfAgent)
  ofAgent(input: InputOf<typeof contract.auditOfAgent>, caller: TenantCaller): Promise<Page> {
    return this.audit.ofAgent(input, caller);
  }

  @Answers(contract.auditOfRun)
  ofRun(input: InputOf<typeof contract.auditOfRun>, caller: TenantCaller): Promise<Page> {
    return this.audit.ofRun(input, caller);
  }

  @Answers(contract.auditOfHumans)
  ofHumans(input: InputOf<typeof contract.auditOfHumans>, caller: TenantCaller): Promise<Page> {
    return this.audit.ofHumans(input, caller);
  }

  @Answers(contract.auditOfSecurity)
  ofSecurity(input: InputOf<typeof contract.auditOfSecurity>, caller: TenantCaller): Promise<Page> {
    return this.audit.ofSecurity(input, caller);
  }

  @Answers(contract.verifyAudit)
  verify(_input: object, caller: TenantCaller, { signal }: CommandContext): Promise<OutputOf<typeof contract.verifyAudit>> {
    return this.audit.verify(caller, signal);
  }
}
