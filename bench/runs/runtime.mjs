// Agent-runtime as it is, with the blueprint of this bench instead of the built-in ones.
import { packagesOf } from '../harness/engines.mjs';
import { noting } from './blueprint.mjs';

const { runService } = await packagesOf('apps/agent-runtime')('@support101/service-kit');
const dist = (path) => import(new URL(`../../apps/agent-runtime/dist/${path}.js`, import.meta.url));
const [{ agentRuntimeService }, { readEnv }] = await Promise.all(['app.module', 'env'].map(dist));

const tasks = {
  run: async () => {
    throw new Error('runs of this bench ask no model');
  },
};

process.exitCode = await runService({
  name: 'agent-runtime',
  settings: readEnv,
  definition: async () => agentRuntimeService({ tasks, blueprints: [noting] }),
});
