import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A small tree of its own, checked by the real configuration of the house. */
export interface PlantedTree {
  readonly root: string;
  /** Runs a tool of the house in the tree; gives its exit code and what it wrote. */
  run(tool: string, ...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  remove(): void;
}

/** Makes a tree of the given files (and of a folder of probes), with copies of the named configuration files. */
export function plantTree(
  configuration: readonly string[],
  files: Readonly<Record<string, string>>,
  folder?: string,
): PlantedTree {
  const root = mkdtempSync(join(tmpdir(), 's101-probe-'));
  if (folder !== undefined) cpSync(fileURLToPath(new URL(`planted/${folder}`, import.meta.url)), root, { recursive: true });
  for (const path of configuration) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(join(repository, path), join(root, path));
  }
  for (const [path, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return {
    root,
    run: (tool, ...args) => runIn(root, join(repository, 'node_modules', '.bin', tool), args),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Lets the tree use a package that is installed in the house. */
export function linkPackage(tree: PlantedTree, name: string, from = repository): void {
  const link = join(tree.root, 'node_modules', name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(from, 'node_modules', name), link, 'dir');
}

function runIn(cwd: string, program: string, args: readonly string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}
