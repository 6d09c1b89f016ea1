// The documents that are derived from the services' environment schemas: .env.example and docs/generated/env.md.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Reads what each app's `src/env.ts` exports as `settings`, from its dist: a map of app to its variables, each with
 * description, default, whether it is required, and its allowed values. Throws when an app is not built.
 */
export async function environmentOfApps(root) {
  const names = readdirSync(join(root, 'apps')).filter((name) => existsSync(join(root, 'apps', name, 'src', 'env.ts')));
  const apps = {};
  for (const name of names.toSorted()) {
    const built = join(root, 'apps', name, 'dist', 'env.js');
    if (!existsSync(built)) throw new Error(`apps/${name} is not built: npm run build`);
    const { settings } = await import(pathToFileURL(built).href);
    apps[name] = variablesOf(settings.toJSONSchema({ io: 'input' }));
  }
  return apps;
}

/**
 * The variables of a settings schema (JSON Schema), by name.
 *
 * @param {{ properties?: Record<string, { description?: string, default?: string | number, enum?: string[] }>, required?: string[] }} schema
 */
export function variablesOf({ properties = {}, required = [] }) {
  return Object.fromEntries(
    Object.entries(properties).map(([name, { description, default: fallback, enum: values }]) => [
      name,
      {
        description: description ?? '',
        required: required.includes(name),
        ...(fallback === undefined ? {} : { fallback: String(fallback) }),
        ...(values === undefined ? {} : { values }),
      },
    ]),
  );
}

/** Names in `${NAME}` of a compose file, with whether it refuses to start without them (`${NAME:?…}`). */
export function composeVariables(text) {
  const found = new Map();
  for (const [, name = '', sign = ''] of text.matchAll(/\$\{([A-Z0-9_]+)(?::(.))?/g)) {
    found.set(name, (found.get(name) ?? false) || sign === '?');
  }
  return found;
}

/** Both documents, by their path from the root. `compose` is what `composeVariables` gives. */
export function environmentDocuments(apps, compose) {
  const entries = byVariable(apps);
  return { 'docs/generated/env.md': markdown(entries), '.env.example': example(entries, compose) };
}

/** Variables in alphabetical order, each with its kinds: the apps for which everything about it is the same. */
function byVariable(apps) {
  const entries = new Map();
  for (const [app, variables] of Object.entries(apps)) {
    for (const [name, variable] of Object.entries(variables)) {
      const kinds = entries.get(name) ?? new Map();
      const key = JSON.stringify(variable);
      const kind = kinds.get(key) ?? { ...variable, apps: [] };
      kind.apps.push(app);
      entries.set(name, kinds.set(key, kind));
    }
  }
  const services = Object.keys(apps).filter((app) => app !== 'standalone');
  return [...entries]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, kinds]) => ({
      name,
      kinds: [...kinds.values()].map((kind) => ({ ...kind, readers: readersOf(kind.apps, services) })),
    }));
}

function readersOf(apps, services) {
  if (!services.every((service) => apps.includes(service))) return apps.join(', ');
  return apps.includes('standalone') ? 'every service, standalone' : 'every service';
}

function markdown(entries) {
  const rows = entries.flatMap(({ name, kinds }) =>
    kinds.map(({ description, required, fallback, values, readers }) => {
      const when = required ? '**required**' : fallback === undefined ? 'optional' : `\`${fallback}\``;
      const allowed = values === undefined ? '' : ` (${values.map((value) => `\`${value}\``).join(', ')})`;
      return `| \`${name}\` | ${when} | ${description}${allowed} | ${readers} |`;
    }),
  );
  return `# Environment variables

Derived from \`apps/*/src/env.ts\` by \`npm run generate\`. An empty value counts as not set. Any value may be \`file:///path\`: the file is read, which is how secrets are mounted. What is wrong is named at the start, and the process ends with exit code 78.

| Variable | Default | What it is | Read by |
|---|---|---|---|
${rows.join('\n')}
`;
}

function example(entries, compose) {
  const known = new Set(entries.map(({ name }) => name));
  const own = [...compose].filter(([name]) => !known.has(name)).toSorted(([a], [b]) => a.localeCompare(b));
  return `${[
    '# Every variable that a process reads, derived from apps/*/src/env.ts by `npm run generate`; docs/generated/env.md is the',
    '# same as a table. A copy named .env is read by docker compose, and by Node with --env-file=.env.',
    ...entries.flatMap(({ name, kinds }) => ['', ...kinds.map(commentOf), assignmentOf(name, kinds, compose)]),
    '',
    '# Of docker-compose.yml alone:',
    '',
    ...own.map(([name, required]) => assign(name, '', required)),
  ].join('\n')}\n`;
}

function commentOf({ description, required, fallback, values, readers }) {
  const when = required ? 'required by' : fallback === undefined ? 'optional for' : `${fallback} for`;
  const allowed = values === undefined ? '' : ` (${values.join(', ')})`;
  return `# ${description}${allowed} [${when} ${readers}]`;
}

function assignmentOf(name, kinds, compose) {
  const required = kinds.some((kind) => kind.required) || compose.get(name) === true;
  return assign(name, kinds.find(({ fallback }) => fallback !== undefined)?.fallback ?? '', required);
}

/** What has to be given stands free, the rest is commented out. */
const assign = (name, value, required) => `${required ? '' : '# '}${name}=${value}`;

/** The text of docker-compose.yml, or nothing where there is none. */
export function readCompose(root) {
  const file = join(root, 'docker-compose.yml');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
