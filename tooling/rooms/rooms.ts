// The rooms check: `node tooling/rooms/rooms.ts [root]`. Names, roles, workspaces, and what code may do by its role.
import { fileURLToPath } from 'node:url';
import { rungs } from '../../jest.config.mjs';
import { checkCode } from './code.ts';
import { checkNames } from './names.ts';
import { sizes } from './sizes.ts';
import { readTree, type Tree, type Violation } from './sources.ts';
import { checkWorkspaces } from './workspaces.ts';

/** Everything that is not in order in a tree, sorted by place. */
export function checkRooms(tree: Tree): Violation[] {
  return [...checkNames(tree), ...checkWorkspaces(tree, rungs), ...checkCode(tree)].toSorted((a, b) =>
    a.path.localeCompare(b.path),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tree = readTree(process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url)));
  const violations = checkRooms(tree);
  for (const { rule, path, detail } of violations) console.log(`${rule}: ${path}: ${detail}`);
  console.log(`${violations.length} violations (${sizes(tree)})`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
