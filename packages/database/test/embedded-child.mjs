// Another process that holds an embedded database: started by a test with the directory, says what happened on one line,
// keeps a committed and an uncommitted row, and stays until it is killed or its input ends.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

// Sources import each other as "./x.js", and Node runs the TypeScript files as they are.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js')) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (existsSync(fileURLToPath(source))) return next(source.href, context);
    }
    return next(specifier, context);
  },
});
const { startEmbedded } = await import('../src/embedded/embedded-postgres.ts');
const { default: pg } = await import('pg');

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
try {
  const database = await startEmbedded({ directory: process.argv[2], templates: process.argv[3] });
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('create table if not exists public.kept (n int)');
  await client.query('insert into public.kept values (1)');
  await client.query('begin; insert into public.kept values (2)');
  say({ started: true });
  process.stdin.resume();
  process.stdin.on('end', () => void database.close().then(() => process.exit(0)));
} catch (error) {
  say({ code: error.code, message: error.message });
  process.exit(1);
}
