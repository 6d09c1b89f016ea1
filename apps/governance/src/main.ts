import { runService } from '@support101/service-kit';
import { governanceService } from './app.module.js';
import { readEnv } from './env.js';

process.exitCode = await runService({ name: 'governance', settings: readEnv, definition: async () => governanceService });
