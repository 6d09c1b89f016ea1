import { DomainError } from '@support101/contracts';

/** Refuses a change of something that has changed since the caller read it. */
export function checkVersion(version: number, expected: number | undefined): void {
  if (expected === undefined || expected === version) return;
  throw new DomainError('version_mismatch', `It is at version ${version}, not ${expected}.`);
}

/** The record with the given fields of the edit in place of its own, and the names of those that are now different. */
export function edited<Row extends object, Field extends keyof Row & string>(
  row: Row,
  edit: { readonly [Name in Field]?: Row[Name] | undefined },
  fields: readonly Field[],
): { after: Row; changed: Field[] } {
  const changed = fields.filter(
    (field) => edit[field] !== undefined && JSON.stringify(edit[field]) !== JSON.stringify(row[field]),
  );
  return { after: { ...row, ...Object.fromEntries(changed.map((field) => [field, edit[field]])) }, changed };
}
