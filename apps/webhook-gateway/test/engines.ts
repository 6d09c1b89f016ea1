import { type Engine, prepareModels, type PreparedModels } from '@support101/service-testing';
import { webhookGatewayService } from '../src/app.module.js';
import { WebhookDatabase } from '../src/platform/webhook-database.js';

/** The service as tests boot it, with a key that seals its secrets. */
export const definition = webhookGatewayService({
  secretsKey: Buffer.alloc(32, 7).toString('base64'),
  publicUrl: 'https://support.example/',
});

/** The migrated schema of webhook-gateway on a database of its own. */
export type Prepared = PreparedModels<WebhookDatabase>;

/** Makes a database on the engine and migrates it. */
export const prepare = (engine: Engine): Promise<Prepared> => prepareModels(definition, engine, WebhookDatabase);
