import type { Blueprint } from '@support101/agent-kit';
import { supportAgent } from './support-agent.blueprint.js';

export { supportAgent };

/** Every blueprint that comes with the platform. */
export const builtInBlueprints: readonly Blueprint[] = [supportAgent];
