import type { Agent, AgentStatus } from '@support101/contracts/agent-runtime';

type Config = Readonly<Record<string, unknown>>;

/** What can be changed about an agent; what is left out stays. */
export interface AgentPatch {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly status?: AgentStatus | undefined;
  readonly config?: Config | undefined;
}

type Patchable = Pick<Agent, 'name' | 'description' | 'status'> & { readonly config: Config };

/** The present configuration with the given fields over it; null takes a field back to its default. */
export function mergeConfig(present: Config, given: Config): Config {
  const merged = { ...present, ...given };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

/** The agent's fields after the patch, with the configuration as the blueprint has checked it. */
export function patched(agent: Patchable, patch: AgentPatch, config: Config): Patchable {
  return {
    name: patch.name ?? agent.name,
    description: patch.description === undefined ? agent.description : patch.description,
    status: patch.status ?? agent.status,
    config,
  };
}

/** The names of the fields that differ. */
export function changedFields(before: Patchable, after: Patchable): string[] {
  const fields = ['name', 'description', 'status'] as const;
  const changed: string[] = fields.filter((field) => before[field] !== after[field]);
  if (canonical(before.config) !== canonical(after.config)) changed.push('config');
  return changed;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
