import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { event, type Caller, type EventEnvelope, type TenantCaller, type TenantId } from '@support101/contracts';
import { migrate, openDatabase, startEmbedded, type Database, type Tx } from '@support101/database';
import { embeddedPostgres, postgres, type TestServer } from '@support101/testing';
import { z } from 'zod';
import type { Delivery } from './answers.js';
import { messagingMigrations } from './migrations.js';
import type { Publisher } from './outbox.js';
import { acme } from './transport.conformance-spec.js';

const effectsMigrations = { name: 'effects', directory: new URL('../test-fixture/migrations/', import.meta.url) };

/** The event of these tests; things are its resources. */
export const thingMade = event('demo.things.made.v1', {
  summary: 'A thing was made',
  data: z.object({ thing: z.string(), step: z.number().int() }),
  resource: ({ thing }) => `thing:${thing}`,
  audit: 'data_modified',
});

/** A caller of the tenant. */
export function callerOf(tenantId: TenantId, overrides: Partial<Caller> = {}): TenantCaller {
  return { principal: { type: 'key', id: 'key_1', roles: [] }, correlationId: 'cor_1', ...overrides, tenantId };
}

/** The delivery that a ContractServer would make of an envelope. */
export function deliveryOf(envelope: EventEnvelope, durable = 'things', attempt = 1): Delivery<typeof thingMade> {
  const event = { ...envelope, data: thingMade.data.parse(envelope.data) };
  return { event, durable, attempt, caller: callerOf(envelope.tenantid), signal: new AbortController().signal };
}

/** Publishes nothing: what is recorded waits in the table. */
export const nobody: Publisher = { expect: () => undefined, take: () => undefined };

/** Notes an effect in a consumer's or handler's transaction. */
export async function effect(tx: Tx, name: string): Promise<void> {
  await tx.query('insert into effects (tenant_id, name) values ($1, $2)', [tx.tenantId ?? acme, name]);
}

/** The database of a test. */
export interface DatabaseWorld {
  readonly database: Database;
  /** The names of all effects in order. */
  effects(): Promise<string[]>;
  rows<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Runs the tests on native and on embedded Postgres, each test on empty tables. */
export function onBothEngines(name: string, tests: (world: () => DatabaseWorld) => void): void {
  const engines = { 'native Postgres': postgres, 'embedded Postgres': () => embeddedPostgres(startEmbedded) };
  describe.each(Object.entries(engines))(`${name} on %s`, (engine, start) => {
    let server: TestServer;
    let database: Database;
    beforeAll(async () => {
      server = await start();
      await migrate({ url: server.url, schema: 'demo', sets: [messagingMigrations, effectsMigrations] });
      database = await openDatabase({ url: server.url, schema: 'demo', embedded: engine === 'embedded Postgres' });
    });
    afterAll(async () => {
      await database.close();
      await server.close();
    });
    const rows = <Row extends object>(text: string, values: readonly unknown[] = []) =>
      database.asSystem('test', (tx) => tx.query<Row>(text, values));
    beforeEach(async () => {
      for (const table of ['outbox', 'inbox', 'idempotency_keys', 'dead_letters', 'effects']) await rows(`delete from ${table}`);
    });
    const effects = async () => (await rows<{ name: string }>('select name from effects order by seq')).map((row) => row.name);
    tests(() => ({ database, rows, effects }));
  });
}
