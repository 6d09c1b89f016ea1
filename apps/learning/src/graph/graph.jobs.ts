import { Injectable } from '@nestjs/common';
import { type JobContext, Processes, type RefillItem, Refills } from '@support101/jobs';
import { GraphProjection, type Rebuild, rebuildGraph } from './graph-projection.service.js';

/** Works the job that puts a tenant’s graph into Apache AGE. */
@Injectable()
export class GraphJobs {
  constructor(private readonly projection: GraphProjection) {}

  @Processes(rebuildGraph)
  rebuild(rebuild: Rebuild, context: JobContext): Promise<void> {
    return this.projection.rebuild(rebuild, context.signal);
  }

  @Refills(rebuildGraph)
  due(): AsyncIterable<RefillItem<Rebuild>> {
    return this.projection.due();
  }
}
