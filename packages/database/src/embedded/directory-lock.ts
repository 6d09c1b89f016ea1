import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf, DatabaseFailure } from '../failures.js';

/** Keeps a data directory to one process. */
export interface DirectoryLock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, by the kernel's clock: tells a process from a later one with the same number. */
  readonly began: string;
}

const heartbeatMs = 5_000;
// A holder on another host (a container that shares the volume) is known only by its heartbeat.
const silentMs = 30_000;
const heldHere = new Set<string>();

/**
 * Takes the directory, making it if needed; throws `directory_in_use` with the holder's process number, or
 * `directory_not_writable`. A lock whose process is dead is taken over.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const file = join(directory, 'lock');
  if (heldHere.has(file)) throw inUse(directory, `this process (${process.pid})`);
  heldHere.add(file);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const mine: Holder = { pid: process.pid, host: hostname(), began: await beganAt(process.pid) };
    if (!(await create(file, mine))) await takeOver(directory, file, mine);
  } catch (error) {
    heldHere.delete(file);
    throw notWritable(directory, error);
  }
  const heartbeat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), heartbeatMs);
  heartbeat.unref();
  return {
    async release() {
      clearInterval(heartbeat);
      await rm(file, { force: true });
      heldHere.delete(file);
    },
  };
}

async function create(file: string, holder: Holder): Promise<boolean> {
  try {
    await writeFile(file, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Two processes may find the same stale lock: a directory that only one of them can make decides. */
async function takeOver(directory: string, file: string, mine: Holder): Promise<void> {
  const turn = `${file}.takeover`;
  try {
    await mkdir(turn);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!(await isOld(turn))) throw inUse(directory, 'another process that is just starting');
  }
  try {
    const holder = await read(file);
    if (holder && (await isAlive(file, holder))) throw inUse(directory, `process ${holder.pid} on ${holder.host}`);
    await writeFile(file, JSON.stringify(mine), { mode: 0o600 });
  } finally {
    await rm(turn, { recursive: true, force: true });
  }
}

async function read(file: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder> | null;
    const { pid, host, began } = holder ?? {};
    if (typeof pid !== 'number' || typeof host !== 'string' || typeof began !== 'string') return undefined;
    return { pid, host, began };
  } catch (error) {
    // Gone meanwhile, or cut short by a crash while it was written: nobody holds it.
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function isAlive(file: string, holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return !(await isOld(file));
  // Not one of ours, or `heldHere` would know: an earlier process that had our number.
  if (holder.pid === process.pid) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  return (await beganAt(holder.pid)) === holder.began;
}

async function isOld(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > silentMs;
  } catch {
    return true;
  }
}

/** '' where the system does not tell; then the process number alone decides. */
async function beganAt(pid: number): Promise<string> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function inUse(directory: string, holder: string): DatabaseFailure {
  return new DatabaseFailure('directory_in_use', `${directory} is held by ${holder}.`);
}

const writeRefusals = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC']);

function notWritable(directory: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined || !writeRefusals.has(code)) return error;
  return new DatabaseFailure('directory_not_writable', `${directory}: ${code}.`, { cause: error });
}
