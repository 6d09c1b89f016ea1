import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaContainer } from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

// The one file that knows Prisma's migration engine: an internal package, pinned exactly.

const filters = { externalTables: [], externalEnums: [] };

/** Prisma's migration engine on a pool of exactly one connection, whose transaction and search path it shares. */
export interface Engine {
  applyMigrations(migrationsList: MigrationList): Promise<string[]>;
  /** The SQL that would turn the database into the schema; an empty migration when they are equal. */
  diffToSchema(files: readonly SchemaContainer[]): Promise<string>;
  /** The script that Postgres refused, and why; the engine itself reports only what went wrong afterwards. */
  readonly refused: () => Refused | undefined;
  free(): void;
}

/** A script that Postgres did not take. */
interface Refused {
  readonly script: string;
  readonly error: Error;
}

/** Opens the migration engine on the one connection of `pool`. */
export async function openEngine(pool: pg.Pool, schema: string): Promise<Engine> {
  const { SchemaEngine } = await loadEngine();
  const factory = new OneConnectionFactory(pool, schema);
  const bound = bindMigrationAwareSqlAdapterFactory(factory);
  const engine = await SchemaEngine.new({ datamodels: undefined }, () => undefined, bound);
  return {
    async applyMigrations(migrationsList) {
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters });
      return appliedMigrationNames;
    },
    async diffToSchema(files) {
      const { stdout } = await engine.diff({
        from: { tag: 'schemaDatasource', files: [...files], configDir: '/' },
        to: { tag: 'schemaDatamodel', files: [...files] },
        script: true,
        exitCode: null,
        filters,
      });
      return stdout ?? '';
    },
    refused: () => factory.refused,
    free: () => engine.free(),
  };
}

class OneConnectionFactory implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = '@prisma/adapter-pg';
  refused: Refused | undefined;
  readonly #pool: pg.Pool;
  readonly #prisma: PrismaPg;

  constructor(pool: pg.Pool, schema: string) {
    this.#pool = pool;
    this.#prisma = new PrismaPg(pool, { schema });
  }

  async connect(): Promise<SqlDriverAdapter> {
    const adapter = await this.#prisma.connect();
    // Prisma's own splits a script at every semicolon, also inside functions and literals.
    adapter.executeScript = async (script) => {
      await this.#pool.query(script).catch((error: Error) => {
        this.refused ??= { script, error };
        throw error;
      });
    };
    answerCatalogueChars(this.#pool, adapter);
    return adapter;
  }

  connectToShadowDb(): Promise<SqlDriverAdapter> {
    throw new Error('no shadow database here: drift is measured on a database that has been migrated');
  }
}

// Postgres' own one-byte type, found only in its catalogue: Prisma's adapter refuses it, the engine asks for it.
const catalogueChar = 18;

function answerCatalogueChars(pool: pg.Pool, adapter: SqlDriverAdapter): void {
  const charColumns = new WeakMap<unknown[], number[]>();
  const send = pool.query.bind(pool) as (...parameters: unknown[]) => Promise<pg.QueryArrayResult>;
  const relabelled = async (...parameters: unknown[]) => {
    const result = await send(...parameters);
    const columns = (result.fields ?? []).flatMap((field, column) => (field.dataTypeID === catalogueChar ? [column] : []));
    if (columns.length === 0) return result;
    for (const column of columns) Object.assign(result.fields[column] ?? {}, { dataTypeID: pg.types.builtins.TEXT });
    charColumns.set(result.rows, columns);
    return result;
  };
  pool.query = relabelled;
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const column of charColumns.get(result.rows) ?? []) result.columnTypes[column] = ColumnTypeEnum.Character;
    return result;
  };
}

type EngineModule = typeof import('@prisma/schema-engine-wasm/schema_engine_bg') & { __wbg_set_wasm(exports: object): void };

/** TypeScript knows WebAssembly only with the browser's types. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

/** Where the engine leaves the message of a panic, before it ends in an error that says nothing. */
const panics = { message: '', set_message: (message: string) => void (panics.message = message) };
Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: panics });

let loading: Promise<EngineModule> | undefined;

/** The package's own entry imports the .wasm file as a module, which Node does only behind a flag. */
function loadEngine(): Promise<EngineModule> {
  loading ??= (async () => {
    const module = (await import('@prisma/schema-engine-wasm/schema_engine_bg')) as EngineModule;
    const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
    const bytes = await readFile(join(dirname(entry), 'schema_engine_bg.wasm'));
    const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': module });
    module.__wbg_set_wasm(instance.exports);
    instance.exports.__wbindgen_start();
    return module;
  })();
  return loading;
}
