import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../children.mjs';

/** One instruction of a Dockerfile, its lines joined. */
interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

/** One stage of a Dockerfile. */
export interface Stage {
  readonly name: string;
  /** The image or the stage that it starts from. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile in their order; `ARG` before the first one is put into `FROM`. */
export function readDockerfile(file: string): Stage[] {
  const text = readFileSync(file, 'utf8')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '');
  const globals = new Map<string, string>();
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of text.split('\n')) {
    const [, keyword = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const stage = stages.at(-1);
    if (keyword === 'FROM') {
      const [, image = '', name = `${stages.length}`] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      const from = image.replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => globals.get(variable) ?? '');
      stages.push({ name, from, instructions: [] });
    } else if (stage !== undefined && keyword !== '') stage.instructions.push({ keyword, rest });
    else if (keyword === 'ARG') globals.set(...pair(rest));
  }
  return stages;
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The arguments of an instruction in exec form. */
export function execForm(stage: Stage, keyword: string): string[] {
  const found = stage.instructions.findLast((each) => each.keyword === keyword)?.rest ?? '[]';
  return JSON.parse(found.slice(found.indexOf('['))) as string[];
}

/** How to run stages without an engine. */
export interface StageRun {
  /** Where each stage has a folder of its own, which stands for its root. */
  readonly folder: string;
  /** The build context. */
  readonly context: string;
  readonly environment: NodeJS.ProcessEnv;
  /** What a command is before it is run: paths of the image, things this machine has elsewhere. */
  readonly rewrite: (command: string) => string;
}

/** Carries out a stage's `COPY` and `RUN` in its working directory; throws with the output of what fails. */
export async function runStage(stage: Stage, workingDirectory: string, options: StageRun): Promise<void> {
  const cwd = join(options.folder, stage.name, workingDirectory);
  mkdirSync(cwd, { recursive: true });
  for (const { keyword, rest } of stage.instructions) {
    if (keyword === 'COPY') copy(rest, cwd, options);
    if (keyword !== 'RUN') continue;
    const command = options.rewrite(rest.replaceAll(/--mount=\S+\s+/g, ''));
    const { code, output } = await run('sh', ['-c', command], { cwd, env: options.environment, timeoutMs: 240_000 });
    if (code !== 0) throw new Error(`RUN ${command}\nended with ${code}:\n${output}`);
  }
}

function copy(rest: string, cwd: string, { folder, context }: StageRun): void {
  const [, stage, from = '', to = ''] = /^(?:--from=(\S+) )?(\S+) (\S+)$/.exec(rest) ?? [];
  const source = stage === undefined ? join(context, from) : join(folder, stage, from);
  const isFolder = to.endsWith('/') && !from.endsWith('/') && from !== '.';
  const target = to.startsWith('/') ? join(cwd, to) : join(cwd, to, isFolder ? (from.split('/').at(-1) ?? '') : '');
  if (!existsSync(source)) throw new Error(`COPY ${rest}: there is no ${source}`);
  cpSync(source, target, { recursive: true, verbatimSymlinks: true });
}
