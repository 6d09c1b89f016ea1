import { runService } from '@support101/service-kit';
import { tenancyService } from './app.module.js';
import { readEnv } from './env.js';

process.exitCode = await runService({ name: 'tenancy', settings: readEnv, definition: async () => tenancyService });
