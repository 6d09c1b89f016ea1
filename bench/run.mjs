// npm run bench -- <name> [arguments]: runs bench/<name>/run.mjs on the built tree.
import { existsSync, readdirSync } from 'node:fs';

const here = new URL('./', import.meta.url);
const names = readdirSync(here).filter((name) => existsSync(new URL(`${name}/run.mjs`, here)));
const [name, ...rest] = process.argv.slice(2);

if (name === undefined || !names.includes(name)) {
  console.error(`Usage: npm run bench -- <${names.join(' | ')}>`);
  process.exitCode = 2;
} else {
  const { run } = await import(new URL(`${name}/run.mjs`, here));
  await run(rest);
}
