import { Injectable } from '@nestjs/common';
import { type JobContext, Processes, type RefillItem, Refills } from '@support101/jobs';
import { indexArticle, IndexingService, type Unindexed } from './knowledge-indexing.service.js';

/** Works the job that gives articles their vectors. */
@Injectable()
export class KnowledgeJobs {
  constructor(private readonly indexing: IndexingService) {}

  @Processes(indexArticle)
  index(unindexed: Unindexed, context: JobContext): Promise<void> {
    return this.indexing.index(unindexed, context.signal);
  }

  @Refills(indexArticle)
  due(): AsyncIterable<RefillItem<Unindexed>> {
    return this.indexing.due();
  }
}
