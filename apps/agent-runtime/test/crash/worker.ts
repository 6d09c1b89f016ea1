// A process that works on whatever runs are due in the database it is given, until it is killed or kills itself.
import type { EventEnvelope } from '@support101/contracts';
import { openModels } from '@support101/models';
import { bootAlone } from '@support101/service-kit';
import { agentRuntimeService } from '../../src/app.module.js';
import { JournalService } from '../../src/journal/journal.service.js';
import { RunQueue } from '../../src/platform/run-queue.js';
import { onResume, scripted } from '../scripted.js';
import type { CrashPoint } from './worker-process.js';

const [, , url = '', point = 'none', told] = process.argv;

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('killed');
}

const points: Record<CrashPoint | 'none', () => void> = {
  none: () => undefined,
  // The decision is committed, the job is not queued yet.
  decided: () => void (RunQueue.prototype.offer = async () => die()),
  // The agent has the decision, the journal has not.
  resuming: () => onResume(die),
  // The effect is committed, its step is not in the journal.
  effect: () => {
    const { append } = JournalService.prototype;
    JournalService.prototype.append = function (run, step, turn) {
      return step.tools.some(({ tool }) => tool === 'create_ticket') ? die() : append.call(this, run, step, turn);
    };
  },
};
points[point as CrashPoint]();

const { tasks } = await openModels();
const database = { url, embedded: false };
const { transport } = await bootAlone(agentRuntimeService({ tasks, blueprints: [scripted('1.0.0')] }), { database });
if (told !== undefined) await transport.publish([JSON.parse(told) as EventEnvelope]);
