import { parseSettings, serviceSettings } from '@support101/service-kit';
import { z } from 'zod';

/** How this installation is set up. */
const installationSettings = {
  SUPPORT101_SECRETS_KEY: z
    .string()
    .min(44)
    .describe('Seals secrets of webhook sources: 32 bytes in base64, older keys after commas'),
  SUPPORT101_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Scheme and host under which webhooks come; not set: addresses of sources are shown without'),
};

/** The variables that the process of this service reads. */
export const settings = z.object({ ...serviceSettings, ...installationSettings });

/** Reads the environment once; every other file gets the settings handed in. */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): Readonly<z.output<typeof settings>> {
  return parseSettings(settings, source);
}
