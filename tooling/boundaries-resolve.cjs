// How dependency-cruiser finds a workspace by name: in its sources, as jest does. Paths are of the folder it runs in.
const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');

const alias = {};
for (const kind of ['packages', 'apps']) {
  const folder = join(process.cwd(), kind);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const sources = join(folder, name, 'src');
    if (kind === 'packages') alias[`@support101/${name}$`] = join(sources, 'index.ts');
    alias[`@support101/${name}`] = sources;
  }
}

module.exports = { resolve: { alias } };
