import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/learning';
import { Answers } from '@support101/messaging';
import { KnowledgeService } from './knowledge.service.js';

/** Answers what is asked about articles. */
@Controller()
export class KnowledgeHandlers {
  constructor(private readonly knowledge: KnowledgeService) {}

  @Answers(contract.createArticle)
  create(input: InputOf<typeof contract.createArticle>, caller: TenantCaller): Promise<contract.Article> {
    return this.knowledge.create(input, caller);
  }

  @Answers(contract.listArticles)
  list(input: InputOf<typeof contract.listArticles>, caller: TenantCaller): Promise<OutputOf<typeof contract.listArticles>> {
    return this.knowledge.list(input, caller);
  }

  @Answers(contract.getArticle)
  get(input: InputOf<typeof contract.getArticle>, caller: TenantCaller): Promise<contract.Article> {
    return this.knowledge.get(input.articleId, caller);
  }

  @Answers(contract.replaceArticle)
  replace(input: InputOf<typeof contract.replaceArticle>, caller: TenantCaller): Promise<contract.Article> {
    return this.knowledge.replace(input, caller);
  }

  @Answers(contract.deleteArticle)
  async delete(
    input: InputOf<typeof contract.deleteArticle>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.deleteArticle>> {
    await this.knowledge.delete(input.articleId, caller);
    return {};
  }
}
