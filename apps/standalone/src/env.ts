import { modelSettings } from '@support101/models';
import { engineSettings, managementPort, parseSettings } from '@support101/service-kit';
import { z } from 'zod';

/** The variables that the standalone process reads; `npm start` passes the environment on. */
export const settings = z.object({
  ...engineSettings,
  ...modelSettings,
  LOG_LEVEL: engineSettings.LOG_LEVEL.default('warn'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4100).describe('HTTP port; a free one is taken when it is in use'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on'),
  MANAGEMENT_PORT: managementPort
    .optional()
    .describe('Port of /health/live, /health/ready and /metrics; not set: nothing is measured'),
  SUPPORT101_DATA_DIR: z.string().default('.support101').describe('Where the embedded database and the keys are kept'),
  SUPPORT101_PLATFORM_KEY: z.string().min(24).optional().describe('Administers tenants; made and printed once when not set'),
  SUPPORT101_SECRETS_KEY: z
    .string()
    .min(44)
    .optional()
    .describe('Seals secrets of webhook sources: 32 bytes in base64, older keys after commas; made and kept when not set'),
  SUPPORT101_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Scheme and host under which webhooks reach this process; not set: addresses are shown without'),
  SUPPORT101_DEMO: z.enum(['0', '1']).default('1').describe('1 makes a demo tenant at the first start'),
});

export type StandaloneSettings = Readonly<z.output<typeof settings>>;

/** Reads the environment once; every other file gets the settings handed in. */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): StandaloneSettings {
  return parseSettings(settings, source);
}
