// Processor time of processes on this machine, and which process answers on a port. Linux only: it reads /proc.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { schedstatMicroseconds } from './arithmetic.mjs';

/**
 * Microseconds that each process has used so far, all its threads together. A process that has ended is left out.
 * @param {readonly number[]} pids
 * @returns {Promise<Map<number, number>>}
 */
export async function processTimes(pids) {
  const times = await Promise.all(pids.map(async (pid) => /** @type {const} */ ([pid, await timeOf(pid)])));
  return new Map(times.filter(([, time]) => time !== undefined));
}

async function timeOf(pid) {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => undefined);
  if (threads === undefined) return undefined;
  const texts = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => undefined)),
  );
  return texts.filter((text) => text !== undefined && text !== '').reduce((sum, text) => sum + schedstatMicroseconds(text), 0);
}

/**
 * A process and all that it and its children have started.
 * @param {number} pid
 * @returns {Promise<number[]>}
 */
export async function familyOf(pid) {
  const children = await childrenOf(pid);
  return [pid, ...(await Promise.all(children.map(familyOf))).flat()];
}

async function childrenOf(pid) {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}

/**
 * The processes of a Postgres server that work for one database: its connections' own, and those that serve all.
 * @param {number} postmaster
 * @param {string} database
 * @returns {Promise<number[]>}
 */
export async function postgresFamily(postmaster, database) {
  const children = await childrenOf(postmaster);
  const titles = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return [postmaster, ...children.filter((_, index) => worksFor(titles[index] ?? '', database))];
}

/**
 * Whether the process with this title works for the database: a connection's title names user, database and client.
 * @param {string} title as in /proc/<pid>/cmdline
 * @param {string} database
 * @returns {boolean}
 */
export function worksFor(title, database) {
  const words = title.replaceAll('\0', ' ').trim().split(/\s+/);
  const isConnection = words.some((word) => /\(\d+\)$/.test(word) || word === '[local]');
  return !isConnection || words.includes(database);
}

/**
 * The process that listens on a port of this machine. Throws when it is not of the kind meant: a server in a container
 * answers through a proxy, whose time says nothing.
 * @param {number} port
 * @param {string} kind part of the program's name
 * @returns {Promise<number>}
 */
export async function listenerOn(port, kind) {
  const sockets = await listeningSockets(port);
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const descriptors = await readdir(`/proc/${entry}/fd`).catch(() => []);
    const targets = await Promise.all(descriptors.map((name) => readlink(`/proc/${entry}/fd/${name}`).catch(() => '')));
    if (!targets.some((target) => sockets.has(target))) continue;
    const program = (await readFile(`/proc/${entry}/comm`, 'utf8')).trim();
    if (program.includes(kind)) return Number(entry);
    throw new Error(`port ${port} is answered by ${program}: the processor time of ${kind} cannot be seen from here`);
  }
  throw new Error(`no process of this machine listens on port ${port}: ${kind} must run here for its time to be counted`);
}

async function listeningSockets(port) {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')));
  return new Set(tables.flatMap((table) => socketsIn(table, port)));
}

/**
 * The listening sockets on a port in a table of /proc/net, as they are called in /proc/<pid>/fd.
 * @param {string} table
 * @param {number} port
 * @returns {string[]}
 */
export function socketsIn(table, port) {
  const listening = '0A';
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === listening && Number.parseInt(local.split(':').at(-1) ?? '', 16) === port)
    .map((columns) => `socket:[${columns[9]}]`);
}
