const freshMs = 5_000;
const usableMs = 60_000;

/** What knowledge of the given age is worth: good, good enough while nobody can be asked, or nothing. */
export function standing(ageMs: number | undefined): 'fresh' | 'usable' | 'unknown' {
  if (ageMs === undefined || ageMs > usableMs || ageMs < 0) return 'unknown';
  return ageMs <= freshMs ? 'fresh' : 'usable';
}

/** An empty list allows every blueprint. */
export function mayUse(allowedBlueprints: readonly string[], blueprint: string): boolean {
  return allowedBlueprints.length === 0 || allowedBlueprints.includes(blueprint);
}
