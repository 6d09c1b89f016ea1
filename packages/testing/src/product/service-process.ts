import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** As the image runs it. */
const nodeFlags = ['--max-semi-space-size=4'];
const ofImage = { MALLOC_ARENA_MAX: '1' };

/** What to run as one process. */
export interface ServiceProcessOptions {
  /** Shown with its output, and in errors. */
  readonly name: string;
  /** The built main.js. */
  readonly main: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Sees each chunk of its output as it comes. */
  readonly onOutput?: (chunk: string) => void;
}

/** Lines that a process of the product logs about itself. */
interface LogLine {
  readonly msg?: string;
  readonly managementPort?: number;
  readonly url?: string;
}

/** One process of the product, that can be stopped, killed and started again on the same ports. */
export class ServiceProcess {
  private readonly options: ServiceProcessOptions;
  #child: ChildProcess | undefined;
  #output = '';
  #managementPort = 0;
  #url: string | undefined;

  constructor(options: ServiceProcessOptions) {
    this.options = options;
  }

  get name(): string {
    return this.options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Address of health and metrics; known once it was ready. */
  get managementUrl(): string {
    return `http://127.0.0.1:${this.#managementPort}`;
  }

  /** Address of the API, where it has one. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Everything it has written, over all its starts. */
  get output(): string {
    return this.#output;
  }

  /** False once it has ended, however that happened. */
  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it and waits until it says that it is ready; fails with its output when it ends before. */
  async start(): Promise<void> {
    const ports = { MANAGEMENT_PORT: `${this.#managementPort}`, PORT: this.#url === undefined ? '0' : new URL(this.#url).port };
    const child = spawn(process.execPath, [...nodeFlags, this.options.main], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...ofImage, ...ports, ...this.options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer) => {
        const text = chunk.toString();
        said += text;
        this.#output += text;
        this.options.onOutput?.(text);
        if (text.includes('ready') && this.#readPorts(said)) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('exit', (code, signal) =>
        reject(new Error(`${this.name} ended with ${code ?? signal} before it was ready:\n${said}`)),
      );
    });
  }

  /** Ends it politely; gives its exit code. */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  #readPorts(said: string): boolean {
    let ready = false;
    for (const line of said.split('\n')) {
      const { msg, managementPort, url } = parsed(line);
      if (msg === 'listening' && url !== undefined) this.#url = url.replace('0.0.0.0', '127.0.0.1');
      if (msg !== 'ready' || managementPort === undefined) continue;
      this.#managementPort = managementPort;
      ready = true;
    }
    return ready;
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !this.running) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}

function parsed(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return {};
  }
}
