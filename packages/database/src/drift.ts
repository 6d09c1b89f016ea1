import { readFile } from 'node:fs/promises';
import { onOneConnection } from './migrate.js';
import { openEngine } from './schema-engine.js';
import { checkedSchema } from './transaction.js';

/** What to compare. */
export interface DriftOptions {
  readonly url: string;
  readonly schema: string;
  /** The Prisma schema files that together describe the schema; exactly one has the datasource. */
  readonly schemaFiles: readonly URL[];
}

/** The SQL that would turn the migrated database into the Prisma schema; '' when they are equal. */
export async function drift(options: DriftOptions): Promise<string> {
  checkedSchema(options.schema);
  const files = await Promise.all(
    options.schemaFiles.map(async (file) => ({ path: file.pathname, content: await readFile(file, 'utf8') })),
  );
  return onOneConnection(options.url, options.schema, async (pool) => {
    const engine = await openEngine(pool, options.schema);
    try {
      const script = await engine.diffToSchema(files);
      return script.replace(/^-- This is an empty migration\.\s*$/, '').trim();
    } finally {
      engine.free();
    }
  });
}
