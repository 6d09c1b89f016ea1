// Writes docs/generated from the contracts, and from the services' environment schemas (with .env.example).
//
//   node tooling/generate.mjs                   write the files; refuses a change that breaks users of a contract
//   node tooling/generate.mjs --allow-breaking  write them all the same (before the first release only)
//   node tooling/generate.mjs --check           write nothing; fail when a file is not current or a contract was broken
//
// "Broken" is judged against the newest release (git tag v*) that holds contracts.json, else against HEAD, else, where
// there is no git, against the file as it is.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { composeVariables, environmentDocuments, environmentOfApps, readCompose } from './infra-env.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const contractsFile = 'docs/generated/contracts.json';

const { documents, breakingChanges } = await load('derive');
const { registry } = await load('all');
const options = new Set(process.argv.slice(2));
for (const option of options) {
  if (!['--check', '--allow-breaking'].includes(option)) fail(`unknown option ${option}`);
}

const contracts = documents(registry);
const files = {
  ...Object.fromEntries(Object.entries(contracts).map(([name, text]) => [`docs/generated/${name}`, text])),
  ...environmentDocuments(await environmentOfApps(root), composeVariables(readCompose(root))),
};
const stale = Object.keys(files).filter((path) => current(join(root, path)) !== files[path]);
const { name: baseline, text, released } = previousContracts();
const breaks = text === undefined ? [] : breakingChanges(JSON.parse(text), JSON.parse(contracts['contracts.json']));

for (const { contract, path, change } of breaks) console.error(`breaking against ${baseline}: ${contract} ${path} ${change}`);
if (breaks.length > 0 && (released || !options.has('--allow-breaking'))) {
  fail(
    `declare a new version of the contract beside the old one${released ? '' : ' (or, before the first release, --allow-breaking)'}`,
  );
}
if (options.has('--check')) {
  if (stale.length > 0) fail(`not current, run node tooling/generate.mjs: ${stale.join(', ')}`);
  console.log(`current: ${Object.keys(files).join(', ')}`);
} else {
  mkdirSync(join(root, 'docs', 'generated'), { recursive: true });
  for (const path of stale) writeFileSync(join(root, path), files[path]);
  console.log(stale.length === 0 ? 'everything was current' : `written: ${stale.join(', ')}`);
}

/** The contracts as built now: the sources are compiled first, since a stale dist would make stale documents. */
async function load(entry) {
  const contracts = join(root, 'packages', 'contracts');
  if (entry === 'derive') {
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    execFileSync(process.execPath, [compiler, '-p', join(contracts, 'tsconfig.build.json')], { stdio: 'inherit' });
  }
  return import(pathToFileURL(join(contracts, 'dist', `${entry}.js`)).href);
}

function previousContracts() {
  const tag = git('describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*');
  if (tag !== undefined) {
    const text = git('show', `${tag}:${contractsFile}`);
    if (text !== undefined) return { name: tag, text, released: true };
  }
  const committed = git('show', `HEAD:${contractsFile}`);
  if (committed !== undefined) return { name: 'HEAD', text: committed, released: false };
  return { name: contractsFile, text: current(join(root, contractsFile)), released: false };
}

function git(...args) {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
    }).trimEnd();
  } catch {
    return undefined;
  }
}

function current(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
