import { startEmbedded } from '@support101/database';
import { embeddedPostgres, postgres, type TestServer } from '@support101/testing';

/** What the tests of repositories run on: every one of these. */
export const engines = ['native', 'embedded'] as const;

/** One of the two Postgres that the product runs on. */
export type Engine = (typeof engines)[number];

/** A database of one's own on the engine. */
export function startEngine(engine: Engine): Promise<TestServer> {
  return engine === 'native' ? postgres() : embeddedPostgres(startEmbedded);
}
