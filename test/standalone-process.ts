import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const main = new URL('../apps/standalone/dist/main.js', import.meta.url).pathname;

/** What `npm start` runs, as a process of its own, on a free port. */
export class StandaloneProcess {
  private constructor(
    readonly url: string,
    readonly platformKey: string,
    readonly output: () => string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts it on `directory` and waits until it says that it is ready. Fails with its output when it ends first. */
  static async start(directory: string, environment: Record<string, string> = {}): Promise<StandaloneProcess> {
    const platformKey = 'platform-key-of-the-system-tests';
    const child = spawn(process.execPath, ['--enable-source-maps', main], {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: '0',
        SUPPORT101_DATA_DIR: join(directory, 'data'),
        SUPPORT101_PLATFORM_KEY: platformKey,
        SUPPORT101_DEMO: '0',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout?.on('data', () => {
        const match = /API\s+(http:\S+)\/v1/.exec(text);
        if (match?.[1] !== undefined) resolve(match[1]);
      });
      child.once('exit', (code) => reject(new Error(`standalone ended with ${code} before it was ready:\n${text}`)));
    });
    return new StandaloneProcess(url, platformKey, () => text, child);
  }

  /** Ends it as Ctrl-C does; gives the exit code. */
  async stop(): Promise<number | null> {
    return this.end('SIGINT');
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}
