import { type Database, migrate, openDatabase, startEmbedded } from '@support101/database';
import { Idempotency, Inbox } from '@support101/messaging';
import { migrationSets } from '@support101/service-kit';
import { embeddedPostgres, postgres } from '@support101/testing';
import { webhookGatewayService } from '../src/app.module.js';
import { WebhookDatabase } from '../src/platform/webhook-database.js';

/** What the tests of repositories run on: every one of these. */
export const engines = ['native', 'embedded'] as const;

/** A key that seals secrets in tests. */
export const secretsKey = Buffer.alloc(32, 7).toString('base64');

/** The migrated schema of webhook-gateway on a database of its own. */
export interface Prepared {
  readonly url: string;
  readonly database: Database;
  readonly webhooks: WebhookDatabase;
  close(): Promise<void>;
}

/** Makes a database on the engine and migrates it. */
export async function prepare(engine: (typeof engines)[number]): Promise<Prepared> {
  const embedded = engine === 'embedded';
  const server = await (embedded ? embeddedPostgres(startEmbedded) : postgres());
  const definition = webhookGatewayService({ secretsKey });
  const { schema } = definition;
  await migrate({ url: server.url, schema, sets: migrationSets(definition) });
  const database = await openDatabase({ url: server.url, schema, embedded });
  const webhooks = new WebhookDatabase(database, new Idempotency(database), new Inbox(database));
  return {
    url: server.url,
    database,
    webhooks,
    close: async () => {
      await webhooks.close();
      await database.close();
      await server.close();
    },
  };
}
