import { engines } from './keeper/engines.js';
import { start } from './keeper/ladder.js';
import { freePort, type Running } from './keeper/programs.js';

/** A server of this process's own that keeps its data and its port over `stop` and `start`. */
export class LocalEngine {
  private readonly kind: keyof typeof engines;
  private readonly place: { folder: string; port: number };
  private running: Running;

  private constructor(kind: keyof typeof engines, place: { folder: string; port: number }, running: Running) {
    this.kind = kind;
    this.place = place;
    this.running = running;
  }

  /** Starts it on what an earlier one left in `folder`, on a free port. */
  static async start(kind: keyof typeof engines, folder: string): Promise<LocalEngine> {
    const place = { folder, port: await freePort() };
    return new LocalEngine(kind, place, await start(engines[kind], undefined, place));
  }

  get url(): string {
    return this.running.url;
  }

  /** For people: what kind of server it is, and from where. */
  get using(): string {
    return `${engines[this.kind].name} (${this.running.using})`;
  }

  async stop(): Promise<void> {
    await this.running.stop();
  }

  /** Starts it again where it was. A container comes back empty, at another address. */
  async start(): Promise<void> {
    this.running = await start(engines[this.kind], undefined, this.place);
  }
}
