import 'reflect-metadata';
import type { DynamicModule, INestMicroservice, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { DiscoveryService, NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { Registry } from '@support101/contracts';
import { migrate, openDatabase, requireMigrated, type Database, type MigrationSet } from '@support101/database';
import { JobHost, Jobs, type JobDriver } from '@support101/jobs';
import {
  assertAnswered,
  createServiceMessaging,
  messagingMigrations,
  type ServiceMessaging,
  type Transport,
} from '@support101/messaging';
import type { TimeSource } from '@support101/time';
import { Clock } from './clock.js';
import type { HealthCheck } from './health.js';
import { KitModule } from './kit.module.js';
import { nestLogger, type Log } from './log.js';

/** What makes a service: its name in contracts, its Postgres schema with migrations, and its root module. */
export interface ServiceDefinition {
  readonly name: string;
  readonly schema: string;
  /** Folder of its migrations in Prisma's form. */
  readonly migrations: URL;
  readonly module: Type | DynamicModule;
  /** The contracts it must answer: those of this registry that carry its name. */
  readonly registry: Registry;
  /** Parts of its own for the health board of its process, by name; `app` is its container. */
  readonly parts?: (app: INestMicroservice) => Readonly<Record<string, HealthCheck>>;
}

/** What a process gives the services it runs. */
export interface Parts {
  readonly transport: Transport;
  readonly jobs: JobDriver;
  readonly database: { readonly url: string; readonly embedded: boolean };
  readonly log: Log;
  readonly time?: TimeSource;
  /** `require` throws `schema_out_of_date` where migrations are missing, instead of applying them. */
  readonly migrations?: 'apply' | 'require';
}

/** A service at work. */
export interface RunningService {
  readonly name: string;
  readonly database: Database;
  /** For looking into the container; tests use it, services do not. */
  readonly app: INestMicroservice;
  readonly messaging: ServiceMessaging;
  /** Parts of its own, for the health board of its process. */
  readonly parts: Readonly<Record<string, HealthCheck>>;
  /** Takes no more jobs and waits for the running ones; commands and events are still answered. */
  stopWork(): Promise<void>;
  /** Stops everything else and lets go of the database. */
  close(): Promise<void>;
}

@Module({})
class ServiceModule {}

/** The migrations of a service's schema, in the order they are applied. */
export function migrationSets(definition: Pick<ServiceDefinition, 'name' | 'migrations'>): MigrationSet[] {
  return [messagingMigrations, { name: definition.name, directory: definition.migrations }];
}

/** Migrates the service's schema, starts its Nest container, and resolves when it answers its contracts. */
export async function bootService(definition: ServiceDefinition, parts: Parts): Promise<RunningService> {
  const log = parts.log.child({ service: definition.name });
  const { url, embedded } = parts.database;
  const migrations = { url, schema: definition.schema, sets: migrationSets(definition) };
  await (parts.migrations === 'require' ? requireMigrated(migrations) : migrate(migrations));
  const database = await openDatabase({
    url,
    embedded,
    schema: definition.schema,
    onError: (error) => log.error({ error }, 'a database connection broke'),
  });
  try {
    return await start(definition, parts, database, log);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function start(definition: ServiceDefinition, parts: Parts, database: Database, log: Log): Promise<RunningService> {
  const time = parts.time === undefined ? {} : { time: parts.time };
  const messaging = createServiceMessaging({ service: definition.name, transport: parts.transport, database, log, ...time });
  const jobs = new Jobs(definition.name, parts.jobs);
  const kit = KitModule.with({ database, messaging, jobs, clock: new Clock(parts.time), log });
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    { module: ServiceModule, imports: [kit, definition.module] },
    { strategy: messaging.server, logger: nestLogger(log), abortOnError: false },
  );
  // Not init() before listen(): Nest would run the hooks of every provider twice.
  await app.listen();
  try {
    assertAnswered(definition.registry, definition.name, messaging.server.bindings);
  } catch (error) {
    await app.close();
    throw error;
  }
  await messaging.start();
  const discovery = app.get(DiscoveryService, { strict: false });
  const host = new JobHost({ service: definition.name, driver: parts.jobs, jobs, discovery, log, ...time });
  await host.start();
  return {
    name: definition.name,
    database,
    app,
    messaging,
    parts: definition.parts?.(app) ?? {},
    stopWork: () => host.stop(),
    close: async () => {
      await messaging.stop();
      await app.close();
      await database.close();
    },
  };
}
