import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import { searchKnowledge } from '@support101/contracts/learning';
import { Answers, type CommandContext } from '@support101/messaging';
import { RetrievalService } from './retrieval.service.js';

/** Answers searches. */
@Controller()
export class RetrievalHandlers {
  constructor(private readonly retrieval: RetrievalService) {}

  @Answers(searchKnowledge)
  search(
    input: InputOf<typeof searchKnowledge>,
    caller: TenantCaller,
    context: CommandContext,
  ): Promise<OutputOf<typeof searchKnowledge>> {
    return this.retrieval.search(input, caller, context.signal);
  }
}
