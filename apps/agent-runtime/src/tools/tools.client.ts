import { Injectable } from '@nestjs/common';
import type { KnowledgePort } from '@support101/agent-kit';
import type { TenantCaller } from '@support101/contracts';
import { searchKnowledge } from '@support101/contracts/learning';
import { CommandClient } from '@support101/messaging';

/** The knowledge base of learning, as tools see it. */
@Injectable()
export class KnowledgeClient {
  constructor(private readonly client: CommandClient) {}

  /** The knowledge of the caller's tenant: a tool cannot name another. */
  of(caller: TenantCaller): KnowledgePort {
    return {
      search: async (query, topK, signal) => {
        const options = signal === undefined ? {} : { signal };
        const { data } = await this.client.call(searchKnowledge, { q: query, topK }, caller, options);
        // A golden path stands among the articles under its own id.
        return data.map(({ articleId, pathId, ...hit }) => ({ ...hit, articleId: articleId ?? pathId ?? '' }));
      },
    };
  }
}
