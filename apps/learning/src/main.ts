import { openProcessModels } from '@support101/models';
import { runService } from '@support101/service-kit';
import { learningService } from './app.module.js';
import { readEnv } from './env.js';

process.exitCode = await runService({
  name: 'learning',
  settings: readEnv,
  definition: async (env, context) => learningService({ ...(await openProcessModels(env, context)), redisUrl: env.REDIS_URL }),
});
