import { engineSettings, parseSettings, processSettings } from '@support101/service-kit';
import { z } from 'zod';

/** The variables that the process of the gateway reads. */
export const settings = z.object({
  ...processSettings,
  PORT: z.coerce.number().int().min(0).max(65_535).default(4100).describe('Port of the API; 0 takes a free one'),
  REDIS_URL: engineSettings.REDIS_URL.describe(
    'Redis 7 or later; not set: limits are counted by each gateway process for itself',
  ),
  SUPPORT101_PLATFORM_KEY: z.string().min(24).optional().describe('Administers tenants; not set: nobody does'),
});

export type GatewayEnvironment = Readonly<z.output<typeof settings>>;

/** Reads the environment once; every other file gets the settings handed in. */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): GatewayEnvironment {
  return parseSettings(settings, source);
}
