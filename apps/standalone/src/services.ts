import { agentRuntimeService } from '@support101/agent-runtime/app.module';
import { hitlService } from '@support101/hitl/app.module';
import { learningService } from '@support101/learning/app.module';
import type { Models } from '@support101/models';
import type { ServiceDefinition } from '@support101/service-kit';
import { tenancyService } from '@support101/tenancy/app.module';

/** Every service of the product, in the order they start. */
export function services(models: Models): ServiceDefinition[] {
  return [
    tenancyService,
    learningService({ embedder: models.embedder }),
    hitlService,
    agentRuntimeService({ tasks: models.tasks }),
  ];
}
