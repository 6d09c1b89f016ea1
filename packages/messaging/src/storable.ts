/** An error's text as Postgres can keep it: no NUL characters, no half surrogate pairs, at most 2000 units. */
export function storable(text: string): string {
  return text.slice(0, 2_000).toWellFormed().replaceAll('\u0000', '');
}
