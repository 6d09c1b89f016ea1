import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../set-up.mjs';

/** What is asked of an app's `settings`, which is a zod object. */
interface Settings {
  readonly shape: Readonly<Record<string, { safeParse(value: unknown): { success: boolean } }>>;
  safeParse(values: unknown): {
    readonly success: boolean;
    readonly error?: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] };
  };
}

/** A service that is deployed as a process of its own. */
export interface DeployedService {
  readonly name: string;
  readonly settings: Settings;
  /** Whether it owns a schema. */
  readonly migrates: boolean;
}

/** Every app with a process of its own but the standalone, by the sources of its environment. */
export async function deployedServices(): Promise<DeployedService[]> {
  const names = readdirSync(join(root, 'apps')).filter(
    (name) => name !== 'standalone' && existsSync(join(root, 'apps', name, 'src/main.ts')),
  );
  return Promise.all(
    names.toSorted().map(async (name) => {
      const { settings } = (await import(`../../apps/${name}/src/env.ts`)) as { settings: Settings };
      return { name, settings, migrates: 'SUPPORT101_MIGRATE' in settings.shape };
    }),
  );
}

/** What is wrong with an environment for a service, one line for each variable; empty when it would start. */
export function problemsOf({ name, settings }: DeployedService, environment: Readonly<Record<string, string>>): string[] {
  const unknown = Object.keys(environment).filter((variable) => !(variable in settings.shape));
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const { error } = settings.safeParse(given);
  return [
    ...unknown.map((variable) => `${name}: ${variable} is no variable of it`),
    ...(error?.issues ?? []).map(({ path, message }) => `${name}: ${path.map(String).join('.')}: ${message}`),
  ];
}

/** Values that fit, for what is a secret or somebody's own choice. */
export const examples: Readonly<Record<string, string>> = {
  NATS_URL: 'nats://nats:4222',
  REDIS_URL: 'redis://redis:6379',
  DATABASE_URL: 'postgres://support101@postgres:5432/support101',
  OPENAI_API_KEY: 'sk-example',
  POSTGRES_PASSWORD: 'example',
  GRAFANA_PASSWORD: 'example',
  SUPPORT101_PLATFORM_KEY: 'p'.repeat(32),
  SUPPORT101_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
};

/** The version that images are tagged with. */
export function productVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Whether an image says which version it is, by more than a major number. */
export function isPinned(image: string): boolean {
  return /^[a-z0-9./-]+:v?\d+\.\d+[\w.-]*$/.test(image);
}
