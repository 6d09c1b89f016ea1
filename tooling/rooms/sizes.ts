import { isTest, type Tree } from './sources.ts';

/** How the house is cut: reported, not judged. Blank lines and comments count as the linter counts them: not. */
export function sizes(tree: Tree): string {
  const lines = tree.files
    .filter((path) => /^(apps|packages)\/[^/]+\/src\/.*\.ts$/.test(path) && !isTest(path))
    .map((path) => tree.read(path).split('\n').filter(isCode).length)
    .toSorted((a, b) => a - b);
  const at = (share: number) => lines[Math.min(lines.length - 1, Math.floor(lines.length * share))] ?? 0;
  const small = lines.filter((count) => count < 20).length;
  const percent = Math.round((100 * small) / Math.max(1, lines.length));
  return `${lines.length} files, median ${at(0.5)} lines, p95 ${at(0.95)}, ${percent} % under 20`;
}

function isCode(line: string): boolean {
  return !/^\s*($|\/\/|\/\*|\*)/.test(line);
}
