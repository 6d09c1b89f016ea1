import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../children.mjs';
import { projectEnvironment, projectNode, root } from '../set-up.mjs';
import { type JestReport, ofJest, ofProgram, type Outcome } from './outcome.ts';

/** One step of the gate. */
export interface Rung {
  readonly name: string;
  /** Whether it reads what the build writes. */
  readonly needsBuild: boolean;
  /** Whether it uses real servers. */
  readonly needsServers: boolean;
  /** Of two cores. What waits for most of its time takes one, and goes beside another such. */
  readonly cores: 1 | 2;
  run(filter: readonly string[]): Promise<Outcome>;
}

const minutes = 60_000;

/** Turbo says nothing but errors, and all of them. */
const quietly = ['--output-logs=errors-only', '--log-order=grouped', '--continue=dependencies-successful'];

/** Cheap ones first: they fail soonest. */
export const rungs: readonly Rung[] = [
  check('format', 1, ['oxfmt', '--check', '.']),
  check('rooms', 1, [projectNode, '--disable-warning=ExperimentalWarning', 'tooling/rooms/rooms.ts'], { noteIsLastLine: true }),
  // It warns below its report that it has no TypeScript parser of its own: swc is the one we gave it.
  // Imports of generated clients must resolve, so it comes after the build.
  check('boundaries', 1, ['depcruise', 'apps', 'packages', 'test', 'tooling', 'bench'], {
    needsBuild: true,
    show: (output) => output.split('‼')[0] ?? '',
  }),
  check('unused', 1, ['knip', '--no-progress', '--no-config-hints']),
  // Compiles the contracts and reads them, so nobody else may read what it writes meanwhile.
  check('docs', 2, [projectNode, 'tooling/generate.mjs', '--check'], { needsBuild: true }),
  check('lint', 2, ['oxlint'], { needsBuild: true }),
  { name: 'types', needsBuild: true, needsServers: false, cores: 2, run: types },
  jest('probes', 4 * minutes),
  jest('unit', 8 * minutes),
  jest('int', 15 * minutes),
  jest('service', 15 * minutes),
  // A product that starts, waits for a lease or an engine, and ends leaves half of the machine to the other shape of it.
  { ...jest('system', 12 * minutes), cores: 1 },
  { ...jest('distributed', 15 * minutes), cores: 1 },
];

/** Builds everything; turbo skips what has not changed. */
export async function build(): Promise<Outcome> {
  const { code, output } = await project(['turbo', 'run', 'build', ...quietly]);
  return ofProgram(code, output, /FULL TURBO/.test(output) ? 'nothing had changed' : undefined);
}

function project([program = '', ...args]: readonly string[], timeoutMs = 5 * minutes) {
  return run(program, args, { cwd: root, env: projectEnvironment, timeoutMs });
}

interface CheckOptions {
  readonly needsBuild?: boolean;
  readonly noteIsLastLine?: boolean;
  show?(output: string): string;
}

function check(
  name: string,
  cores: 1 | 2,
  command: readonly string[],
  { needsBuild = false, noteIsLastLine = false, show = (output) => output }: CheckOptions = {},
): Rung {
  return {
    name,
    needsBuild,
    needsServers: false,
    cores,
    run: async () => {
      const { code, output } = await project(command);
      return ofProgram(code, show(output), noteIsLastLine ? output.trimEnd().split('\n').at(-1) : undefined);
    },
  };
}

/** The workspaces, and the folders of the root that are none. */
async function types(): Promise<Outcome> {
  const workspaces = await project([
    'turbo',
    'run',
    'typecheck',
    '--output-logs=errors-only',
    '--log-order=grouped',
    '--continue',
  ]);
  const outside = ['test', 'bench'].filter((folder) => existsSync(join(root, folder, 'tsconfig.json')));
  const others = await Promise.all(outside.map((folder) => project(['tsc', '-p', folder])));
  const code = [workspaces, ...others].find((part) => part.code !== 0)?.code ?? 0;
  return ofProgram(code, [workspaces, ...others].map(({ output }) => output).join('\n'));
}

function jest(name: 'probes' | 'unit' | 'int' | 'service' | 'system' | 'distributed', timeoutMs: number): Rung {
  const needsServers = name !== 'probes' && name !== 'unit';
  return { name, needsBuild: true, needsServers, cores: 2, run: (filter) => runJest(name, filter, timeoutMs) };
}

/** Where it is not one worker for each core. */
const workersOf: Readonly<Record<string, string>> = {
  // A file of these waits for a third of its time: for engines to start, leases to end, clients to try again.
  int: '--maxWorkers=3',
  service: '--maxWorkers=3',
  // What starts whole systems runs one file at a time: more of them would not find the cores they start on.
  system: '--runInBand',
  distributed: '--runInBand',
};

async function runJest(name: string, filter: readonly string[], timeoutMs: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 's101-gate-'));
  const report = join(folder, 'report.json');
  const workers = workersOf[name] ?? '--maxWorkers=2';
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const args = [...flags, 'node_modules/jest/bin/jest.js', '--json', `--outputFile=${report}`, workers, ...filter];
  try {
    const env = { ...projectEnvironment, ...process.env, RUNG: name, NODE_OPTIONS: flags.join(' '), FORCE_COLOR: '0' };
    const { code, output } = await run(projectNode, args, { cwd: root, env, timeoutMs });
    return ofJest(existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as JestReport) : undefined, code, output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
