/** Anything that has a version like `1.2.10`. */
interface Versioned {
  readonly name: string;
  readonly version: string;
}

/** Below zero when `a` is the older one; the parts of a version are compared as numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0)) as [
    number[],
    number[],
  ];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The newest version of each name, by name. */
export function newestByName<T extends Versioned>(all: readonly T[]): T[] {
  const newest = new Map<string, T>();
  for (const one of all) {
    const other = newest.get(one.name);
    if (other === undefined || compareVersions(one.version, other.version) > 0) newest.set(one.name, one);
  }
  return [...newest.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The first name and version that occurs twice. */
export function firstDuplicate(all: readonly Versioned[]): string | undefined {
  const seen = new Set<string>();
  for (const { name, version } of all) {
    const key = `${name} ${version}`;
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return undefined;
}
