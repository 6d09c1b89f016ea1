import { describe, expect, it } from '@jest/globals';
import { TenantId } from '@support101/contracts';
import { z } from 'zod';
import { anExampleOf } from './example.js';

const Thing = z.object({
  tenantId: TenantId,
  name: z.string().min(7).max(20),
  kind: z.enum(['small', 'large']),
  made: z.iso.datetime(),
  count: z.number().int().min(3),
  price: z.number(),
  parts: z.array(z.object({ label: z.string() })).min(1),
  note: z.string().optional(),
  limit: z.number().default(25),
  either: z.union([z.string(), z.number()]),
  nothing: z.null(),
});

describe('anExampleOf', () => {
  it('makes a value that the schema accepts, without what is optional', () => {
    const thing = anExampleOf(Thing);

    expect(Thing.parse(thing)).toEqual(thing);
    expect(thing).toMatchObject({ kind: 'small', limit: 25, count: 3, parts: [{ label: 'text' }] });
    expect(thing).not.toHaveProperty('note');
  });

  it('takes the fields it is given', () => {
    const thing = anExampleOf(Thing, { kind: 'large', note: 'mine' });

    expect(thing).toMatchObject({ kind: 'large', note: 'mine' });
  });

  it('fails where the schema needs an example of its own', () => {
    expect(() => anExampleOf(z.object({ code: z.string().regex(/^[A-Z]{3}-\d+$/) }))).toThrow(z.ZodError);
  });
});
