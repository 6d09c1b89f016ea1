import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Exit code of a process whose configuration is not usable (sysexits.h EX_CONFIG). */
export const exitConfiguration = 78;

/** The configuration is not usable; `problems` has a line for each variable that is wrong. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/**
 * Reads settings from environment variables by `schema` (one field per variable) and freezes them.
 * An empty variable counts as not set; `file:///path` as value reads that file, which is how secrets are mounted.
 * Throws SettingsError with every problem at once.
 */
export function parseSettings<S extends z.ZodObject>(
  schema: S,
  source: Readonly<Record<string, string | undefined>>,
): Readonly<z.output<S>> {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = source[name];
    if (value === undefined || value === '') continue;
    try {
      values[name] = value.startsWith('file://') ? readFileSync(new URL(value), 'utf8').trim() : value;
    } catch {
      problems.push(`${name}: the file it points to cannot be read`);
    }
  }
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const unread = new Set(problems.map((problem) => problem.slice(0, problem.indexOf(':'))));
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0] ?? '');
      if (!unread.has(name)) problems.push(`${name}: ${issue.message}`);
    }
  }
  if (!parsed.success || problems.length > 0) throw new SettingsError(problems);
  return Object.freeze(parsed.data);
}

/** Variables that every process understands: where the engines are. A missing one means the embedded part. */
export const engineSettings = {
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('Postgres 15 or later; not set: embedded Postgres'),
  NATS_URL: z
    .url({ protocol: /^(nats|tls|ws|wss)$/ })
    .optional()
    .describe('NATS 2.9 or later with JetStream; not set: in process'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .optional()
    .describe('Redis 7 or later; not set: in process'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Least severe level that is logged'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional().describe('OpenTelemetry collector; not set: traces stay in the process'),
};

/** A port for health and metrics, not for clients. */
export const managementPort = z.coerce.number().int().min(0).max(65_535);

/** Variables of every process that runs one service, or the gateway. */
export const processSettings = {
  NATS_URL: engineSettings.NATS_URL.unwrap().describe('NATS 2.9 or later with JetStream'),
  HOST: z.string().default('0.0.0.0').describe('Address to listen on'),
  MANAGEMENT_PORT: managementPort.default(9090).describe('Port of /health/live, /health/ready and /metrics; 0 takes a free one'),
  LOG_LEVEL: engineSettings.LOG_LEVEL,
  OTEL_EXPORTER_OTLP_ENDPOINT: engineSettings.OTEL_EXPORTER_OTLP_ENDPOINT,
};

/** Variables of every process that runs one service. */
export const serviceSettings = {
  ...processSettings,
  DATABASE_URL: engineSettings.DATABASE_URL.unwrap().describe('Postgres 15 or later'),
  REDIS_URL: engineSettings.REDIS_URL.unwrap().describe('Redis 7 or later that evicts nothing'),
  SUPPORT101_MIGRATE: z
    .enum(['0', '1'])
    .default('1')
    .describe('1 brings the schema up to date at the start; 0 refuses to start on an old one, for which `migrate` is run before'),
  SUPPORT101_DATABASE_LOGIN: z
    .string()
    .min(1)
    .optional()
    .describe('For `migrate`: the login that the service runs under, where DATABASE_URL is that of an administrator'),
};

/** What `processSettings` gives, parsed. */
export type ProcessSettings = Readonly<z.output<z.ZodObject<typeof processSettings>>>;

/** What `serviceSettings` gives, parsed. */
export type ServiceSettings = Readonly<z.output<z.ZodObject<typeof serviceSettings>>>;
