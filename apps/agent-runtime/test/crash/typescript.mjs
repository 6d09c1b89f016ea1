// Lets a child process run the sources as they are, decorators included, the way the tests themselves do.
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const root = new URL('../../../../', import.meta.url);
const typescript = { syntax: 'typescript', decorators: true };
const jsc = {
  target: 'es2022',
  parser: typescript,
  transform: { legacyDecorator: true, decoratorMetadata: true },
  keepClassNames: true,
};

function sourceOf(specifier, parent) {
  const [, name, entry = 'index'] = /^@support101\/([a-z-]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  if (name !== undefined) return new URL(`packages/${name}/src/${entry}.ts`, root);
  if (!specifier.startsWith('.') || !specifier.endsWith('.js') || !parent?.endsWith('.ts')) return undefined;
  return new URL(specifier.replace(/\.js$/, '.ts'), parent);
}

registerHooks({
  resolve(specifier, context, next) {
    const source = sourceOf(specifier, context.parentURL);
    if (source === undefined || !existsSync(source)) return next(specifier, context);
    return { url: source.href, format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.endsWith('.ts')) return next(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), {
      filename,
      jsc,
      module: { type: 'es6' },
      sourceMaps: 'inline',
    });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
