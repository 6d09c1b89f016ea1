import { runStandalone } from './start/main.service.js';

process.exitCode = await runStandalone(process.argv.slice(2));
