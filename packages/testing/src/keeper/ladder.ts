import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { startContainer } from './docker.ts';
import type { Engine } from './engines.ts';
import { findProgram, type Place, type Running } from './programs.ts';

const run = promisify(execFile);

/** One way to get a server; it fails where it is not open. */
type Rung = (engine: Engine, place?: Place) => Promise<Running>;

/** A way to a server that has worked once, and the server it gave. */
interface Found {
  readonly first: Running;
  again(place?: Place): Promise<Running>;
}

const found = new Map<Engine, Promise<Found>>();

/**
 * Starts a server: the one named in the environment, else a container where a Docker engine answers, else a program
 * of this machine, else that program installed with apt-get (Debian, as root). The rung that worked is used again.
 * Only programs keep their data in a place.
 */
export async function start(
  engine: Engine,
  rungs: readonly Rung[] = [startContainer, startProgram, installAndStart],
  place?: Place,
): Promise<Running> {
  const known = found.get(engine);
  if (known !== undefined) return (await known).again(place);
  const climbing = climb(engine, rungs, place);
  found.set(engine, climbing);
  climbing.catch(() => found.delete(engine));
  return (await climbing).first;
}

/** Starts a program of this machine, installed with apt-get if need be: what can be killed and started again where it was. */
export function startProgramAt(engine: Engine, place: Place): Promise<Running> {
  return installAndStart(engine, place).catch((error: unknown) => fail(engine, [(error as Error).message]));
}

async function climb(engine: Engine, rungs: readonly Rung[], place?: Place): Promise<Found> {
  const given = process.env[engine.variable];
  if (given !== undefined && given !== '') return withFirst(() => useGiven(engine, given), place);
  const missing: string[] = [];
  for (const rung of rungs) {
    try {
      return await withFirst((kept) => rung(engine, kept), place);
    } catch (error) {
      missing.push((error as Error).message);
    }
  }
  return fail(engine, missing);
}

async function withFirst(again: Found['again'], place?: Place): Promise<Found> {
  return { first: await again(place), again };
}

function fail(engine: Engine, missing: readonly string[]): never {
  throw new Error(
    [
      `No ${engine.name} to test with. Any one of these is enough:`,
      `  - set ${engine.variable} to a server the tests may use,`,
      '  - start a Docker engine,',
      `  - install ${engine.name} so that ${engine.programs.join(' and ')} can be found (Debian: apt-get install ${engine.aptPackage}).`,
      'Tried:',
      ...missing.map((reason) => `  - ${reason}`),
    ].join('\n'),
  );
}

async function useGiven(engine: Engine, url: string): Promise<Running> {
  try {
    await engine.probe(url);
  } catch (error) {
    throw new Error(`${engine.variable} is set, but nothing answers there: ${(error as Error).message}`, { cause: error });
  }
  return { url, using: engine.variable, stop: async () => undefined };
}

async function startProgram(engine: Engine, place?: Place): Promise<Running> {
  const absent = engine.programs.filter((name) => findProgram(name) === undefined);
  if (absent.length > 0) throw new Error(`${absent.join(', ')}: not on the PATH nor in Debian's usual places`);
  return engine.start(place);
}

let installing: Promise<unknown> = Promise.resolve();

async function installAndStart(engine: Engine, place?: Place): Promise<Running> {
  if (engine.programs.every((name) => findProgram(name) !== undefined)) return startProgram(engine, place);
  if (!existsSync('/etc/debian_version')) throw new Error('apt-get: this machine is not a Debian');
  if (process.getuid?.() !== 0) throw new Error('apt-get: needs root');
  // Two apt-get at once wait for each other's lock and then give up.
  const turn = installing.then(() => install(engine.aptPackage));
  installing = turn.catch(() => undefined);
  await turn;
  return startProgram(engine, place);
}

async function install(aptPackage: string): Promise<void> {
  process.stderr.write(`installing ${aptPackage} with apt-get for the tests…\n`);
  // RUNLEVEL 1 keeps the package from starting a service of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const options = { env, maxBuffer: 64 * 1024 * 1024 };
  try {
    await run('apt-get', ['update', '-q'], options);
    await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', aptPackage], options);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`apt-get install ${aptPackage}: ${stderr?.trim() ?? String(error)}`, { cause: error });
  }
}
