// A process that works on whatever runs are due in the database it is given, until it is killed.
import { openModels } from '@support101/models';
import { bootAlone } from '@support101/service-kit';
import { agentRuntimeService } from '../../src/app.module.js';
import { scripted } from '../scripted.js';

const url = process.argv[2] ?? '';
const { tasks } = await openModels();
await bootAlone(agentRuntimeService({ tasks, blueprints: [scripted('1.0.0')] }), { database: { url, embedded: false } });
process.stdout.write('ready\n');
