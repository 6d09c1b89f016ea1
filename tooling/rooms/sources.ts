import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Something that is not where or how the house wants it. */
export interface Violation {
  readonly rule: string;
  /** Relative to the root of the tree, with forward slashes. */
  readonly path: string;
  readonly detail: string;
}

/** The files of a tree, as the checks see them. */
export interface Tree {
  /** Paths of all files, sorted. */
  readonly files: readonly string[];
  read(path: string): string;
}

const roots = ['apps', 'packages', 'tooling', 'test', 'bench', 'infra'];
/** What others made: never ours to name or size. */
const foreign = new Set(['node_modules', 'dist', 'generated', '.turbo', '.cache', 'planted']);

/** Reads the tree below `root`. */
export function readTree(root: string): Tree {
  const files = roots.flatMap((folder) => [...walk(root, folder)]);
  return { files: files.toSorted(), read: (path) => readFileSync(join(root, path), 'utf8') };
}

function* walk(root: string, folder: string): Generator<string> {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch {
    return; // A tree without this folder.
  }
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!foreign.has(entry.name)) yield* walk(root, path);
    } else if (entry.isFile()) {
      yield path;
    }
  }
}

/** Whether a file is a test or stands among tests. */
export function isTest(path: string): boolean {
  return path.endsWith('spec.ts') || /^(apps\/[^/]+\/)?test\//.test(path);
}
