// Keeps a contest's rounds, and writes the document from what is kept. `node bench/harness/report.mjs` writes it anew.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { sectionOf, withPart } from './tables.mjs';
import { cpuParts, exitCodes, summarise } from './verdict.mjs';

const results = new URL('../results/', import.meta.url);
const document = new URL('../../docs/benchmarks.md', import.meta.url);

/**
 * Judges a contest, keeps it under its name, writes the document, and says how it went.
 * @param {any} contest name, title, description, command, phases, ours, twice, others, goals, and what `runContest` gave
 */
export async function report({ rounds, loadAverage, ...about }) {
  const summary = summarise({ ...about, rounds });
  const names = [about.ours, ...about.others, about.twice];
  const ofPhases = (name) => Object.fromEntries(about.phases.map((phase) => [phase.name, cpuParts(rounds, name, phase.name)]));
  const result = {
    ...about,
    date: new Date().toISOString().slice(0, 10),
    machine: { cores: cpus().length, processor: cpus()[0]?.model ?? 'unknown', node: process.versions.node },
    loadAverage,
    summary,
    cpuParts: Object.fromEntries(names.map((name) => [name, ofPhases(name)])),
    rounds,
  };
  await mkdir(results, { recursive: true });
  await writeFile(new URL(`${about.name}.json`, results), `${JSON.stringify(result, rounded, 1)}\n`);
  await writeDocument();
  console.log(`\n${sectionOf(result)}\n`);
  if (summary.verdict === 'inconclusive') {
    console.log('The same contestant measured twice differs too much: the machine was too busy for conclusions. Run it again.');
  }
  process.exitCode = exitCodes[summary.verdict];
}

function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

/** Writes docs/benchmarks.md from all contests that are kept. */
export async function writeDocument() {
  const names = (await readdir(results)).filter((name) => name.endsWith('.json')).toSorted();
  const kept = await Promise.all(names.map(async (name) => JSON.parse(await readFile(new URL(name, results), 'utf8'))));
  const part = kept
    .filter((result) => Array.isArray(result.rounds) && result.summary !== undefined)
    .map(sectionOf)
    .join('\n\n');
  await writeFile(document, withPart(await readFile(document, 'utf8'), part));
}

if (process.argv[1] === new URL(import.meta.url).pathname) await writeDocument();
