import { type Database, migrate, openDatabase } from '@support101/database';
import { Idempotency, Inbox } from '@support101/messaging';
import { migrationSets, type ServiceDefinition } from '@support101/service-kit';
import { type Engine, startEngine } from './engines.js';

/** What is to be known of a service to make its schema; its definition says it. */
export type ServiceSchema = Pick<ServiceDefinition, 'name' | 'schema' | 'migrations'>;

/** The migrated schema of a service on a database of its own. */
export interface Prepared {
  readonly url: string;
  readonly database: Database;
  close(): Promise<void>;
}

/** A prepared schema, also through the generated client of its service. */
export interface PreparedModels<Models> extends Prepared {
  readonly models: Models;
}

type ModelsClass<Models> = new (database: Database, idempotency: Idempotency, inbox: Inbox) => Models;

/** Makes a database on the engine and migrates the service's schema on it. */
export async function prepareSchema({ name, schema, migrations }: ServiceSchema, engine: Engine): Promise<Prepared> {
  const server = await startEngine(engine);
  await migrate({ url: server.url, schema, sets: migrationSets({ name, migrations }) });
  const database = await openDatabase({ url: server.url, schema, embedded: engine === 'embedded' });
  return {
    url: server.url,
    database,
    close: async () => {
      await database.close();
      await server.close();
    },
  };
}

/** Like `prepareSchema`, with the service's `ServicePrisma` on it. */
export async function prepareModels<Models extends { close(): Promise<void> }>(
  definition: ServiceSchema,
  engine: Engine,
  modelsClass: ModelsClass<Models>,
): Promise<PreparedModels<Models>> {
  const prepared = await prepareSchema(definition, engine);
  const { database } = prepared;
  const models = new modelsClass(database, new Idempotency(database), new Inbox(database));
  return {
    ...prepared,
    models,
    close: async () => {
      await models.close();
      await prepared.close();
    },
  };
}
