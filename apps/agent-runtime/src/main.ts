import { openProcessModels } from '@support101/models';
import { runService } from '@support101/service-kit';
import { agentRuntimeService } from './app.module.js';
import { readEnv } from './env.js';

process.exitCode = await runService({
  name: 'agent-runtime',
  settings: readEnv,
  definition: async (settings, context) => agentRuntimeService(await openProcessModels(settings, context)),
});
