import { createServer, type Server, type Socket } from 'node:net';
import { readsFromClient, withOwnNames } from './statement-names.js';
import { fatal, forgetStatements, leavesSessionFree, MessageReader, refusal, simpleQuery, welcome } from './wire-messages.js';

/** The one backend behind the door: takes protocol bytes, gives the answer. Blocks while it works. */
export interface Backend {
  execProtocolRawSync(message: Uint8Array): Uint8Array;
}

/** What the door is made from. */
export interface WireServerOptions {
  readonly backend: Backend;
  /** Opens another backend on the same files, after one has failed. */
  readonly reopen: () => Promise<Backend>;
  /** What a client is told when it connects: server_version and the like. */
  readonly parameters: Readonly<Record<string, string>>;
  /** After this long without a word from the connection whose transaction is open, it is rolled back. */
  readonly idleInTransactionMs: number;
  /** Told when the backend itself has failed, as Postgres does when one of its processes crashes. */
  readonly onCrash: (error: Error) => void;
}

interface Connection {
  readonly id: number;
  readonly socket: Socket;
  readonly reader: MessageReader;
  readonly units: Buffer[];
  /** The prepared statements that the session keeps for it. */
  readonly prepared: Set<string>;
  started: boolean;
  gone: boolean;
}

/**
 * Lets many connections share one backend. A connection's unit runs as a whole, and while its transaction is open
 * nobody else's runs: so statements of different clients, also pipelined ones, never land inside each other.
 */
export class WireServer {
  readonly #options: WireServerOptions;
  #backend: Backend;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Connections with a unit to run, in the order in which it arrived. */
  readonly #waiting: Connection[] = [];
  /** Prepared statements of connections that went away during another's transaction. */
  readonly #orphans: string[] = [];
  #owner: Connection | undefined;
  #idle: NodeJS.Timeout | undefined;
  #running = false;
  #crash: Error | undefined;
  #nextId = 1;

  constructor(options: WireServerOptions) {
    this.#options = options;
    this.#backend = options.backend;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        this.#server.on('error', this.#options.onCrash);
        resolve();
      });
    });
  }

  /** Takes no new connections, lets open transactions finish for a moment, then closes. */
  async close(withinMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    const deadline = Date.now() + withinMs;
    while ((this.#owner || this.#waiting.length > 0) && !this.#crash && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const connection of this.#connections) this.#dismiss(connection, '57P01', 'the embedded database is shutting down');
    await closed;
    clearTimeout(this.#idle);
  }

  #accept(socket: Socket): void {
    const [id, reader, prepared] = [this.#nextId++, new MessageReader(), new Set<string>()];
    const connection: Connection = { id, socket, reader, units: [], prepared, started: false, gone: false };
    this.#connections.add(connection);
    socket.on('data', (bytes: Buffer) => this.#receive(connection, bytes));
    socket.on('error', () => this.#forget(connection));
    socket.on('close', () => this.#forget(connection));
    if (this.#crash) this.#dismiss(connection, '57P03', this.#crash.message);
  }

  #receive(connection: Connection, bytes: Buffer): void {
    if (connection.gone) return;
    connection.reader.add(bytes);
    if (!connection.started && !this.#start(connection)) return;
    try {
      this.#collect(connection);
    } catch {
      return this.#dismiss(connection, '08P01', 'this is not the Postgres protocol');
    }
    this.#run();
  }

  /** Puts the units that have arrived in line; throws when they are none. */
  #collect(connection: Connection): void {
    for (let unit = connection.reader.unit(); unit !== 'incomplete'; unit = connection.reader.unit()) {
      if (unit === 'goodbye') return this.#forget(connection);
      connection.units.push(withOwnNames(unit, `c${connection.id}_`, connection.prepared));
      this.#waiting.push(connection);
    }
  }

  #start(connection: Connection): boolean {
    for (;;) {
      switch (connection.reader.startup()) {
        case 'incomplete':
          return false;
        case 'encryption':
          connection.socket.write('N');
          break;
        case 'session':
          connection.started = true;
          connection.socket.write(welcome(this.#options.parameters, connection.id));
          return true;
        case 'cancel':
          this.#forget(connection);
          return false;
        case 'unknown':
          this.#dismiss(connection, '0A000', 'only protocol 3.0 is spoken here');
          return false;
      }
    }
  }

  /** Runs one unit and comes back after the event loop has had its turn: the backend blocks it while it works. */
  #run(): void {
    if (this.#running || this.#crash) return;
    const next = this.#next();
    if (!next) return;
    this.#running = true;
    this.#execute(next);
    setImmediate(() => {
      this.#running = false;
      this.#run();
    });
  }

  #next(): Connection | undefined {
    if (!this.#owner) return this.#waiting.shift();
    const index = this.#waiting.indexOf(this.#owner);
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  #execute(connection: Connection): void {
    const unit = connection.units.shift();
    if (!unit) return;
    const inTransaction = this.#owner === connection;
    const refused = readsFromClient(unit)
      ? refusal('0A000', 'the embedded database cannot copy from stdin', inTransaction)
      : undefined;
    const answer = refused ?? this.#ask(unit);
    if (!answer) return;
    if (!connection.gone) connection.socket.write(answer);
    this.#own(leavesSessionFree(answer) ? undefined : connection);
  }

  #ask(unit: Buffer): Uint8Array | undefined {
    try {
      // A plain copy: the backend keeps reading from it, and knows no Buffer.
      return this.#backend.execProtocolRawSync(new Uint8Array(unit));
    } catch (error) {
      this.#fail(new Error('the embedded database has failed', { cause: error }));
      return undefined;
    }
  }

  /** As a server does when one of its processes crashes: everybody is disconnected, the log is replayed, work goes on. */
  #fail(error: Error): void {
    this.#crash = error;
    this.#owner = undefined;
    this.#orphans.length = 0;
    clearTimeout(this.#idle);
    for (const each of this.#connections) this.#dismiss(each, '57P02', error.message);
    this.#options.onCrash(error);
    this.#options.reopen().then(
      (backend) => {
        this.#backend = backend;
        this.#crash = undefined;
      },
      (cause: unknown) => this.#options.onCrash(new Error('the embedded database cannot be opened again', { cause })),
    );
  }

  #own(connection: Connection | undefined): void {
    clearTimeout(this.#idle);
    this.#owner = connection;
    if (!connection) {
      if (this.#orphans.length > 0) this.#ask(forgetStatements(this.#orphans.splice(0)));
      return;
    }
    this.#idle = setTimeout(() => {
      // Its next unit may be waiting for a busy event loop rather than for a forgetful client.
      if (connection.units.length > 0) return this.#own(connection);
      this.#dismiss(connection, '25P03', 'terminating connection due to idle-in-transaction timeout');
    }, this.#options.idleInTransactionMs);
    this.#idle.unref();
  }

  /** Ends what a connection that is gone left open, and forgets what the session kept for it. */
  #release(connection: Connection): void {
    if (this.#owner === connection) {
      this.#owner = undefined;
      clearTimeout(this.#idle);
      if (!this.#ask(forgetStatements([]))) return;
      this.#ask(simpleQuery('rollback'));
    }
    if (connection.prepared.size === 0 || this.#crash) return;
    // Never inside another connection's transaction: it may be aborted, and then refuses everything.
    if (this.#owner) this.#orphans.push(...connection.prepared);
    else this.#ask(forgetStatements(connection.prepared));
  }

  #dismiss(connection: Connection, sqlState: string, detail: string): void {
    if (connection.socket.writable) connection.socket.end(fatal(sqlState, detail));
    this.#forget(connection);
  }

  #forget(connection: Connection): void {
    if (connection.gone) return;
    connection.gone = true;
    this.#connections.delete(connection);
    connection.units.length = 0;
    for (let index = this.#waiting.indexOf(connection); index >= 0; index = this.#waiting.indexOf(connection)) {
      this.#waiting.splice(index, 1);
    }
    connection.socket.destroySoon();
    if (!this.#crash) this.#release(connection);
    this.#run();
  }
}
