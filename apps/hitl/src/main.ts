import { runService } from '@support101/service-kit';
import { hitlService } from './app.module.js';
import { readEnv } from './env.js';

process.exitCode = await runService({ name: 'hitl', settings: readEnv, definition: async () => hitlService });
