import { engines } from './keeper/engines.js';
import { start, startProgramAt } from './keeper/ladder.js';
import { freePort, type Place, type Running } from './keeper/programs.js';

/** A kind of server that the services work with. */
export type EngineKind = keyof typeof engines;

type Start = (place: Place) => Promise<Running>;

/** A crashed Postgres' own processes take a moment to notice; until then it does not start again. */
const startWithinMs = 20_000;

/** A server of this process's own that keeps its data and its port over `stop` and `start`. */
export class LocalEngine {
  private readonly kind: EngineKind;
  private readonly place: Place;
  private readonly starting: Start;
  private running: Running;

  private constructor(kind: EngineKind, place: Place, starting: Start, running: Running) {
    this.kind = kind;
    this.place = place;
    this.starting = starting;
    this.running = running;
  }

  /** Starts it on what an earlier one left in `folder`, on a free port. */
  static start(kind: EngineKind, folder: string): Promise<LocalEngine> {
    return LocalEngine.#open(kind, folder, (place) => start(engines[kind], undefined, place));
  }

  /**
   * The same, and always a program of this machine (installed with apt-get if need be), which can be signalled and
   * killed. A file `nats.conf` in the folder is the configuration of a NATS server.
   */
  static startProgram(kind: EngineKind, folder: string): Promise<LocalEngine> {
    return LocalEngine.#open(kind, folder, (place) => startProgramAt(engines[kind], place));
  }

  static async #open(kind: EngineKind, folder: string, starting: Start): Promise<LocalEngine> {
    const place = { folder, port: await freePort() };
    return new LocalEngine(kind, place, starting, await starting(place));
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

  /** Sends the program a signal. */
  signal(signal: NodeJS.Signals): void {
    if (this.running.signal === undefined) throw new Error(`${this.using} is no program of this machine`);
    this.running.signal(signal);
  }

  /** Ends the program as a crash does. */
  async kill(): Promise<void> {
    if (this.running.kill === undefined) throw new Error(`${this.using} is no program of this machine`);
    await this.running.kill();
  }

  /** Starts it again where it was. A container comes back empty, at another address. */
  async start(): Promise<void> {
    const deadline = performance.now() + startWithinMs;
    for (;;) {
      try {
        this.running = await this.starting(this.place);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
}
