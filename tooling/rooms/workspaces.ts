import { matchesGlob } from 'node:path';
import type { Tree, Violation } from './sources.ts';

/** What every service's README says, each as a heading or in bold. */
const parts = ['owns', 'answers', 'emits', 'listens', 'needs'];

/** What each workspace must show: a sentence about itself, a README, a short main, tests that a rung runs. */
export function checkWorkspaces(tree: Tree, rungs: Readonly<Record<string, readonly string[]>>): Violation[] {
  const manifests = tree.files.filter((path) => /^((apps|packages)\/[^/]+|tooling)\/package\.json$/.test(path));
  return [
    ...manifests.flatMap((path) => [...described(tree, path)]),
    ...manifests.filter((path) => path.startsWith('apps/')).flatMap((path) => [...readme(tree, path)]),
    ...manifests.filter((path) => path.startsWith('packages/')).flatMap((path) => [...entry(tree, path)]),
    ...tree.files.flatMap((path) => [...shortMain(tree, path), ...runTests(path, rungs)]),
  ];
}

function* described(tree: Tree, path: string): Generator<Violation> {
  const { description } = JSON.parse(tree.read(path)) as { description?: unknown };
  const sentence = typeof description === 'string' && /^[A-Z].{15,}\.$/.test(description) && !/[.!?] [A-Z]/.test(description);
  if (!sentence) yield { rule: 'one-sentence-description', path, detail: 'description: one sentence that says what it is' };
}

function* readme(tree: Tree, manifest: string): Generator<Violation> {
  const path = manifest.replace('package.json', 'README.md');
  if (!tree.files.includes(path)) {
    yield { rule: 'app-readme', path, detail: 'every app has a README' };
    return;
  }
  if (!tree.files.includes(manifest.replace('package.json', 'prisma/schema.prisma'))) return;
  const text = tree.read(path);
  const missing = parts.filter((part) => !new RegExp(`^## ${part}$|\\*\\*${part}\\*\\*`, 'im').test(text));
  if (missing.length > 0) yield { rule: 'app-readme', path, detail: `does not say what it ${missing.join(', ')}` };
}

function* entry(tree: Tree, manifest: string): Generator<Violation> {
  const path = manifest.replace('package.json', 'src/index.ts');
  if (!tree.files.includes(path)) yield { rule: 'one-entry', path, detail: 'a package has one entry, src/index.ts' };
}

function* shortMain(tree: Tree, path: string): Generator<Violation> {
  if (!/^apps\/[^/]+\/src\/main\.ts$/.test(path)) return;
  const lines = tree.read(path).trimEnd().split('\n').length;
  if (lines > 10) yield { rule: 'main-is-short', path, detail: `${lines} lines; at most 10: what boots belongs to service-kit` };
}

function* runTests(path: string, rungs: Readonly<Record<string, readonly string[]>>): Generator<Violation> {
  // A conformance suite or a fixture is run by the tests that import it, with the part they hand in.
  if (!/spec\.[mc]?[jt]sx?$/.test(path) || /\.(conformance|fixture)-spec\.ts$/.test(path)) return;
  const runs = (patterns: readonly string[]) => patterns.some((pattern) => matchesGlob(path, pattern));
  const running = Object.keys(rungs).filter((rung) => runs(rungs[rung] ?? []));
  // A system test meets the product in both of its shapes.
  const isBothShapes = running.join(' ') === 'system distributed';
  if (running.length !== 1 && !isBothShapes)
    yield { rule: 'test-runs-on-one-rung', path, detail: `${running.length} rungs of jest.config.mjs run it` };
}
