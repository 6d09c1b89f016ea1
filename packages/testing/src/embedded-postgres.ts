import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A database to test on: its connection string, and `close`, which removes it. */
export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * An embedded Postgres in a temporary folder, which `close` removes. Takes `startEmbedded` of packages/database,
 * because that package's own tests use this one: an import here would be a cycle.
 */
export async function embeddedPostgres(
  startEmbedded: (options: { directory: string }) => Promise<TestServer>,
): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 's101-embedded-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const database = await startEmbedded({ directory }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    url: database.url,
    close: async () => {
      await database.close();
      await remove();
    },
  };
}
