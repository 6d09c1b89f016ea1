import { agentRuntimeService } from '@support101/agent-runtime/app.module';
import { governanceService } from '@support101/governance/app.module';
import { hitlService } from '@support101/hitl/app.module';
import { learningService } from '@support101/learning/app.module';
import type { Models } from '@support101/models';
import type { ServiceDefinition } from '@support101/service-kit';
import { tenancyService } from '@support101/tenancy/app.module';
import { webhookGatewayService } from '@support101/webhook-gateway/app.module';

/** What services need that the process makes. */
export interface ServiceNeeds {
  readonly models: Models;
  /** Seals secrets of tenants: 32 bytes in base64. */
  readonly secretsKey: string;
  /** Scheme and host under which third parties reach the product. */
  readonly publicUrl: string | undefined;
  /** Where the newest activity is kept; not set: in memory. */
  readonly redisUrl: string | undefined;
}

/** Every service of the product, in the order they start. */
export function services({ models, secretsKey, publicUrl, redisUrl }: ServiceNeeds): ServiceDefinition[] {
  return [
    tenancyService,
    learningService({ embedder: models.embedder, redisUrl }),
    governanceService,
    hitlService,
    agentRuntimeService({ tasks: models.tasks, chatModel: models.chatModel }),
    webhookGatewayService({ secretsKey, publicUrl }),
  ];
}
