import { runProcess } from '@support101/service-kit';
import { startGateway } from './app.module.js';
import { readEnv } from './env.js';

process.exitCode = await runProcess({ name: 'gateway', settings: readEnv, start: startGateway });
