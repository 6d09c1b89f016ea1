import { Module } from '@nestjs/common';
import type { Blueprint, TaskRunner } from '@support101/agent-kit';
import { builtInBlueprints } from '@support101/blueprints';
import { registry } from '@support101/contracts/all';
import type { ServiceDefinition } from '@support101/service-kit';
import { AgentsModule } from './agents/agents.module.js';
import { BlueprintsModule } from './blueprints/blueprints.module.js';
import { DispatchModule } from './dispatch/dispatch.module.js';
import { ExecutionModule } from './execution/execution.module.js';
import { PlatformModule } from './platform/platform.module.js';
import { RunsModule } from './runs/runs.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { ToolsModule } from './tools/tools.module.js';

@Module({})
class AgentRuntimeModule {}

/** What the agents of a process are made of. */
export interface AgentRuntimeOptions {
  /** The model that tasks run on. */
  readonly tasks: TaskRunner;
  /** Its name, for the usage of runs that have not asked it yet. */
  readonly chatModel?: string;
  /** The built-in ones unless given. Several versions of one may stand side by side. */
  readonly blueprints?: readonly Blueprint[];
}

/** Agent-runtime: blueprints, agents, and the runs that carry out their work. */
export function agentRuntimeService(options: AgentRuntimeOptions): ServiceDefinition {
  const model = { tasks: options.tasks, name: options.chatModel ?? '' };
  return {
    name: 'agent-runtime',
    schema: 'agent_runtime',
    migrations: new URL('../prisma/migrations/', import.meta.url),
    module: {
      module: AgentRuntimeModule,
      imports: [
        PlatformModule,
        TenantsModule,
        BlueprintsModule.with(options.blueprints ?? builtInBlueprints),
        ToolsModule.with(model),
        AgentsModule,
        RunsModule,
        DispatchModule,
        ExecutionModule,
      ],
    },
    registry,
  };
}
