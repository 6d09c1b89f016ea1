import { z } from 'zod';
import { listedEntry } from '../kernel/export.js';

/**
 * The columns of an export as CSV: the fields of its entries in order. The fields of an object of fixed shape are columns
 * of their own (`principal.type`); one of free shape is one column.
 */
export function exportColumns({ output }: { readonly output: z.ZodType }): string[] {
  const entry = listedEntry(output);
  return entry === undefined ? [] : columnsOf(entry, '');
}

function columnsOf({ shape }: z.ZodObject, prefix: string): string[] {
  return Object.entries(shape).flatMap(([name, field]) =>
    field instanceof z.ZodObject ? columnsOf(field, `${prefix}${name}.`) : [prefix + name],
  );
}
