import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askKeeper } from './keeper-client.js';

/** A database to test on: its connection string, and `close`, which removes it. */
export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Making an empty embedded database takes seconds: the first test makes one here, and all others copy it. */
export const embeddedTemplates = join(tmpdir(), `s101-embedded-templates-${process.getuid?.() ?? 0}`);

type StartEmbedded = (options: { readonly directory: string; readonly templates: string }) => Promise<TestServer>;

/** A folder of one's own, for a while. */
export interface TemporaryFolder {
  readonly path: string;
  /** Removes it and what is in it. */
  close(): Promise<void>;
}

/** A temporary folder for the files of a database: in memory where the run has that. It goes with the run at the latest. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const { url, id } = await askKeeper('POST', '/folder');
  return { path: url, close: async () => void (await askKeeper('DELETE', `/folder/${id}`)) };
}

/**
 * An embedded Postgres in a temporary folder, which `close` removes. Takes `startEmbedded` of packages/database,
 * because that package's own tests use this one: an import here would be a cycle.
 */
export async function embeddedPostgres(startEmbedded: StartEmbedded): Promise<TestServer> {
  const folder = await temporaryFolder();
  const database = await startEmbedded({ directory: folder.path, templates: embeddedTemplates }).catch(async (error: unknown) => {
    await folder.close();
    throw error;
  });
  return {
    url: database.url,
    close: async () => {
      await database.close();
      await folder.close();
    },
  };
}
