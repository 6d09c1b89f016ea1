import { modelSettings } from '@support101/models';
import { parseSettings, serviceSettings } from '@support101/service-kit';
import { z } from 'zod';

/** The variables that the process of this service reads. */
export const settings = z.object({ ...serviceSettings, ...modelSettings });

/** Reads the environment once; every other file gets the settings handed in. */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): Readonly<z.output<typeof settings>> {
  return parseSettings(settings, source);
}
