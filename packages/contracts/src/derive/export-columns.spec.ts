import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { page } from '../kernel/page.js';
import { exportColumns } from './export-columns.js';

describe('exportColumns', () => {
  it('are the fields in order, those of an object of fixed shape under its name', () => {
    const entry = z.object({
      id: z.string(),
      who: z.object({ type: z.string(), at: z.object({ city: z.string() }).meta({ id: 'Place' }) }),
      size: z.number().nullable(),
      maybe: z.object({ x: z.string() }).optional(),
      details: z.record(z.string(), z.unknown()),
      tags: z.array(z.string()),
    });

    expect(exportColumns({ output: page(entry.meta({ id: 'Entry' })) })).toEqual([
      ...['id', 'who.type', 'who.at.city', 'size', 'maybe', 'details', 'tags'],
    ]);
  });

  it('are none where there is no list', () => {
    expect(exportColumns({ output: z.object({ id: z.string() }) })).toEqual([]);
  });
});
