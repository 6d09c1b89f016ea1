import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A wire to a server that can be cut, as a killed process or a dead network cuts it. */
export class Wire {
  /** Cuts a client off that sends this (in any case): the server has it, and the client hears nothing of what follows. */
  cutAfter: string | undefined;
  /** Cuts a client off that sends this (in any case): the server never has it. */
  cutBefore: string | undefined;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #cut = false;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  /** Lays a wire to the server at this address. */
  static async lay(url: string): Promise<Wire> {
    const wire = new Wire(new URL(url));
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  /** The server's address through this wire. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return Object.assign(new URL(this.#target), { hostname: '127.0.0.1', port: String(port) }).href;
  }

  /** Ends what goes through it, and lets nothing through from now on. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  mend(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
  }

  #join(client: Socket): void {
    if (this.#cut) return void client.destroy();
    const server = connect(Number(this.#target.port), this.#target.hostname);
    // In front of what passes the bytes on.
    client.on('data', (bytes: Buffer) => {
      if (says(bytes, this.cutBefore)) for (const socket of [server, client]) socket.destroy();
    });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
    client.on('data', (bytes: Buffer) => {
      if (!says(bytes, this.cutAfter)) return;
      server.unpipe(client).resume();
      // An empty write is done when all before it are.
      server.write('', () => client.destroy());
    });
  }
}

function says(bytes: Buffer, text: string | undefined): boolean {
  return text !== undefined && bytes.toString('latin1').toLowerCase().includes(text);
}
