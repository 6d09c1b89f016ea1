import { openProcessModels } from '@support101/models';
import { runService } from '@support101/service-kit';
import { learningService } from './app.module.js';
import { readEnv } from './env.js';

process.exitCode = await runService({
  name: 'learning',
  settings: readEnv,
  definition: async (settings, context) => {
    const { embedder } = await openProcessModels(settings, context);
    return learningService({ embedder, redisUrl: settings.REDIS_URL });
  },
});
