import { type DynamicModule, Module } from '@nestjs/common';
import { registry } from '@support101/contracts/all';
import type { Embedder } from '@support101/models';
import type { PartHealth, ServiceDefinition } from '@support101/service-kit';
import { ActivityModule } from './activity/activity.module.js';
import { ActivityService } from './activity/activity.service.js';
import { FeedbackModule } from './feedback/feedback.module.js';
import { GoldenPathsModule } from './golden-paths/golden-paths.module.js';
import { GraphModule } from './graph/graph.module.js';
import { GraphProjection } from './graph/graph-projection.service.js';
import { KnowledgeModule } from './knowledge/knowledge.module.js';
import { learningSchema } from './platform/learning-schema.js';
import { PlatformModule } from './platform/platform.module.js';
import { PlaybooksModule } from './playbooks/playbooks.module.js';
import { RetrievalModule } from './retrieval/retrieval.module.js';
import { TenantsModule } from './tenants/tenants.module.js';

/** What learning needs of its process. */
export interface LearningNeeds {
  readonly embedder: Embedder;
  /** Where the newest activity of every tenant is kept for all replicas; not set: in memory, for one process. */
  readonly redisUrl?: string | undefined;
}

const vectors: PartHealth = {
  part: 'vectors',
  using: 'exact search in process',
  state: 'degraded',
  hint: 'Pinecone: not built yet',
};

@Module({
  imports: [KnowledgeModule, RetrievalModule, GoldenPathsModule, FeedbackModule, GraphModule, PlaybooksModule, TenantsModule],
})
class LearningModule {
  static with({ embedder, redisUrl }: LearningNeeds): DynamicModule {
    return { module: LearningModule, imports: [PlatformModule.with(embedder), ActivityModule.with(redisUrl)] };
  }
}

/** Learning: what a tenant knows, and how it is found. */
export function learningService(needs: LearningNeeds): ServiceDefinition {
  return {
    name: 'learning',
    schema: learningSchema,
    migrations: new URL('../prisma/migrations/', import.meta.url),
    module: LearningModule.with(needs),
    registry,
    parts: (app) => ({
      activity: () => app.get(ActivityService, { strict: false }).health(),
      graph: () => app.get(GraphProjection, { strict: false }).health(),
      vectors: () => vectors,
    }),
  };
}
