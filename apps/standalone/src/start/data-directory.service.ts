import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, chmod, constants, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** The data directory cannot be used; the message says why and what to do. */
class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

const marker = 'support101-data';
const readme = 'Data of a Support101 standalone process: its embedded database and its keys. Delete only while it is stopped.\n';

/** The folder where a standalone process keeps its database and keys. */
export class DataDirectory {
  private constructor(readonly path: string) {}

  /**
   * Opens or makes the folder. `reset` empties it first, but only when it is recognisably ours.
   * Throws DataDirectoryError when it is not writable, or holds something else.
   */
  static async open(path: string, options: { reset: boolean }): Promise<DataDirectory> {
    const directory = resolve(path);
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
      await refuseForeign(directory);
      if (options.reset) await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(join(directory, marker), readme);
    } catch (error) {
      if (error instanceof DataDirectoryError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new DataDirectoryError(
        `The data directory ${directory} cannot be written (${reason}). Make it writable, or name another one with SUPPORT101_DATA_DIR.`,
        { cause: error },
      );
    }
    return new DataDirectory(directory);
  }

  get databasePath(): string {
    return join(this.path, 'postgres');
  }

  /** The text kept under `name`, or undefined. */
  async read(name: string): Promise<string | undefined> {
    const file = join(this.path, name);
    return existsSync(file) ? (await readFile(file, 'utf8')).trim() : undefined;
  }

  /** Keeps a secret that only the owner of the process may read (mode 0600). */
  async writeSecret(name: string, value: string): Promise<void> {
    const file = join(this.path, name);
    await writeFile(file, `${value}\n`, { mode: 0o600 });
    await chmod(file, 0o600);
  }

  /** The platform key kept here; made at the first call. */
  async platformKey(): Promise<{ key: string; isNew: boolean }> {
    const kept = await this.read('platform-key');
    if (kept !== undefined && kept !== '') return { key: kept, isNew: false };
    const key = `s101platform_${randomBytes(32).toString('base64url')}`;
    await this.writeSecret('platform-key', key);
    return { key, isNew: true };
  }

  /** The key that seals secrets of tenants, kept here; made at the first call. Without it they cannot be read again. */
  async secretsKey(): Promise<string> {
    const kept = await this.read('secrets-key');
    if (kept !== undefined && kept !== '') return kept;
    const key = randomBytes(32).toString('base64');
    await this.writeSecret('secrets-key', key);
    return key;
  }
}

async function refuseForeign(directory: string): Promise<void> {
  const entries = await readdir(directory);
  if (entries.length > 0 && !entries.includes(marker)) {
    throw new DataDirectoryError(`${directory} is not empty and not a data directory of Support101; it was left as it is.`);
  }
}
