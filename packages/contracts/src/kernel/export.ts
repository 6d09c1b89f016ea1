import { z } from 'zod';

/** The forms of an export: rows under a header (RFC 4180), one JSON array, or one JSON object per line. */
export const exportFormats = ['csv', 'json', 'ndjson'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** The query parameter `format` of an export. */
export const ExportFormat = z.enum(exportFormats).default('json').meta({ description: 'The form of the file.' });

/** What one entry of a list looks like; undefined when `output` is no page of objects. */
export function listedEntry(output: z.ZodType): z.ZodObject | undefined {
  if (!(output instanceof z.ZodObject) || !('nextCursor' in output.shape)) return undefined;
  const data: unknown = output.shape['data'];
  return data instanceof z.ZodArray && data.element instanceof z.ZodObject ? data.element : undefined;
}
