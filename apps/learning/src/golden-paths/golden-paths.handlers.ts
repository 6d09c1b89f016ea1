import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/learning';
import { Answers, type CommandContext } from '@support101/messaging';
import { RetrievalService } from '../retrieval/retrieval.service.js';
import { GoldenPathsService } from './golden-paths.service.js';

/** Answers what is asked about golden paths. */
@Controller()
export class GoldenPathsHandlers {
  constructor(
    private readonly paths: GoldenPathsService,
    private readonly retrieval: RetrievalService,
  ) {}

  @Answers(contract.listGoldenPaths)
  async list(
    input: InputOf<typeof contract.listGoldenPaths>,
    caller: TenantCaller,
    { signal }: CommandContext,
  ): Promise<OutputOf<typeof contract.listGoldenPaths>> {
    const hits = await this.retrieval.searchPaths(input, caller, signal);
    return this.paths.list(input, hits, caller);
  }

  @Answers(contract.getGoldenPath)
  get({ pathId }: InputOf<typeof contract.getGoldenPath>, caller: TenantCaller): Promise<contract.GoldenPath> {
    return this.paths.get(pathId, caller);
  }

  @Answers(contract.deleteGoldenPath)
  async delete(
    { pathId }: InputOf<typeof contract.deleteGoldenPath>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.deleteGoldenPath>> {
    await this.paths.delete(pathId, caller);
    return {};
  }
}
