import type { Tree, Violation } from './sources.ts';

/** The ten roles (graph: LangGraph wiring; env stands alone at the root of `src`). An eleventh needs an ADR. */
const roles = ['module', 'handlers', 'consumers', 'jobs', 'service', 'rules', 'repository', 'client', 'graph', 'env'];
const specEndings = /\.(spec|int-spec)$/;
const forbidden = new Set(['common', 'shared', 'core', 'lib', 'utils', 'helpers', 'misc', 'base', 'manager', 'impl']);
const forbiddenEnding = /-(utils?|helpers?|manager|impl|misc)$/;
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** What may stand at the root of an app's `src`. */
const appRoot = new Set(['main.ts', 'app.module.ts', 'env.ts']);

/** Names of files and folders: the whole tree's words, and the rooms of an app. */
export function checkNames(tree: Tree): Violation[] {
  return tree.files.flatMap((path) => [
    ...wordsOf(path),
    ...(inApp(path) ? roomsOf(path) : inPackage(path) ? entriesOf(path) : []),
  ]);
}

function* wordsOf(path: string): Generator<Violation> {
  const parts = path.split('/');
  const file = parts.pop() ?? '';
  const names = [...parts, ...(file.startsWith('.') ? [] : file.split('.').slice(0, -1))];
  const bad = names.find((name) => forbidden.has(name) || forbiddenEnding.test(name));
  if (bad !== undefined) yield { rule: 'forbidden-name', path, detail: `"${bad}" says nothing about what is inside` };
  if (!/\.(ts|mts|mjs|cjs|js)$/.test(file) || file.startsWith('.')) return;
  const odd = names.find((name) => !kebab.test(name));
  if (odd !== undefined) yield { rule: 'kebab-case', path, detail: `"${odd}" is not kebab-case` };
}

const inApp = (path: string) => /^apps\/[^/]+\/src\//.test(path) && path.endsWith('.ts');
const inPackage = (path: string) => /^packages\/[^/]+\/src\//.test(path);

function* entriesOf(path: string): Generator<Violation> {
  if (/\/src\/.+\/index\.ts$/.test(path)) {
    yield { rule: 'one-entry', path, detail: 'a package has one entry, src/index.ts: a second barrel hides cycles' };
  }
}

function* roomsOf(path: string): Generator<Violation> {
  const [, app, , ...rest] = path.split('/');
  const file = rest.at(-1) ?? '';
  if (file === 'index.ts') {
    yield { rule: 'index-in-app', path, detail: 'no index.ts inside apps: import the file that is meant' };
    return;
  }
  if (rest.length === 1) {
    const known = appRoot.has(file) || (app === 'standalone' && file === 'services.ts') || specEndings.test(file.slice(0, -3));
    if (!known)
      yield { rule: 'file-outside-a-capability', path, detail: `src holds ${[...appRoot].join(', ')} and capability folders` };
    return;
  }
  if (rest.length > 2) {
    yield { rule: 'capability-is-flat', path, detail: 'a capability is one flat folder: make it two capabilities' };
    return;
  }
  if (rest[0] !== 'platform') yield* roleOf(path, app ?? '', rest[0] ?? '', file);
}

function* roleOf(path: string, app: string, capability: string, file: string): Generator<Violation> {
  const name = file.slice(0, -'.ts'.length).replace(specEndings, '');
  const [stem = '', role, ...more] = name.split('.');
  if (role === undefined || more.length > 0 || !roles.includes(role)) {
    yield { rule: 'unknown-role', path, detail: `expected ${capability}.<role>.ts with a role of ${roles.join(', ')}` };
    return;
  }
  // The standalone is no service: its folders hold steps of one start, each named for itself.
  if (app === 'standalone' || stem === capability || stem.startsWith(`${capability}-`)) return;
  yield { rule: 'stem-is-not-the-folder', path, detail: `expected ${capability}.${role}.ts or ${capability}-<part>.${role}.ts` };
}
