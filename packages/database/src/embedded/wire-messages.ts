// Postgres' wire protocol 3.0, as much of it as the door of an embedded database needs.

/** What a client's first messages ask for; they have no type byte. */
const startupCodes = { protocol3: 196_608, ssl: 80_877_103, gss: 80_877_104, cancel: 80_877_102 } as const;

/** Messages after which the backend has to work: the end of a unit. */
const unitEnds = new Set([letter('Q'), letter('S'), letter('F'), letter('H')]);
const terminate = letter('X');
const readyForQuery = letter('Z');

// A client that announces more than Postgres itself would take is not speaking this protocol.
const longestMessage = 0x3fffffff;

function letter(character: string): number {
  return character.charCodeAt(0);
}

/** What a connection's first bytes are. */
export type Startup = 'incomplete' | 'session' | 'encryption' | 'cancel' | 'unknown';

/** Takes bytes as they arrive and gives out what a client asks for. */
export class MessageReader {
  /** Bytes in the order in which they came; joined only when a whole message is there. */
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #needed = 0;
  #scanned = 0;

  add(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Takes one message of the opening phase. */
  startup(): Startup {
    const buffer = this.#joined(8);
    if (!buffer) return 'incomplete';
    const length = buffer.readInt32BE(0);
    if (length < 8 || length > 10_000) return 'unknown';
    if (buffer.length < length) return 'incomplete';
    const code = buffer.readInt32BE(4);
    this.#take(length);
    if (code === startupCodes.ssl || code === startupCodes.gss) return 'encryption';
    if (code === startupCodes.cancel) return 'cancel';
    return code === startupCodes.protocol3 ? 'session' : 'unknown';
  }

  /**
   * Takes one unit: messages up to and with the one that makes the backend answer. A unit is never split, because
   * between its messages the session holds an unnamed statement that any other connection would overwrite. Throws when
   * what arrives is not the protocol.
   */
  unit(): Buffer | 'incomplete' | 'goodbye' {
    const buffer = this.#joined(this.#needed);
    while (buffer && buffer.length >= this.#scanned + 5) {
      const type = buffer[this.#scanned] ?? 0;
      const length = buffer.readInt32BE(this.#scanned + 1);
      if (length < 4 || length > longestMessage) throw new RangeError('a message of impossible length');
      if (type === terminate) return 'goodbye';
      const end = this.#scanned + 1 + length;
      if (buffer.length < end) {
        this.#needed = end;
        return 'incomplete';
      }
      this.#scanned = end;
      if (unitEnds.has(type)) return this.#take(end);
    }
    return 'incomplete';
  }

  #joined(least: number): Buffer | undefined {
    if (this.#length < least) return undefined;
    if (this.#chunks.length !== 1) this.#chunks.splice(0, this.#chunks.length, Buffer.concat(this.#chunks));
    return this.#chunks[0];
  }

  #take(end: number): Buffer {
    const buffer = this.#chunks[0] ?? Buffer.alloc(0);
    this.#chunks[0] = buffer.subarray(end);
    this.#length = buffer.length - end;
    this.#needed = 0;
    this.#scanned = 0;
    return buffer.subarray(0, end);
  }
}

/** Whether the session is free after this answer: it ends in ReadyForQuery with status "idle". */
export function leavesSessionFree(answer: Uint8Array): boolean {
  const start = answer.length - 6;
  return start >= 0 && answer[start] === readyForQuery && answer[start + 5] === letter('I');
}

/** The answer to an opening client: no password on a socket that only this user can reach. */
export function welcome(parameters: Readonly<Record<string, string>>, id: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeInt32BE(id, 0);
  return Buffer.concat([
    message('R', Buffer.alloc(4)),
    ...Object.entries(parameters).map(([name, value]) => message('S', text(name, value))),
    message('K', key),
    message('Z', Buffer.from('I')),
  ]);
}

/** A FATAL error: the client is told why, then disconnected. */
export function fatal(sqlState: string, detail: string): Buffer {
  return message('E', Buffer.concat([text('SFATAL', 'VFATAL', `C${sqlState}`, `M${detail}`), Buffer.alloc(1)]));
}

/** An error after which the connection goes on; its transaction, if it has one, is as it was. */
export function refusal(sqlState: string, detail: string, inTransaction: boolean): Buffer {
  const error = message('E', Buffer.concat([text('SERROR', 'VERROR', `C${sqlState}`, `M${detail}`), Buffer.alloc(1)]));
  return Buffer.concat([error, message('Z', Buffer.from(inTransaction ? 'T' : 'I'))]);
}

/** A simple query. */
export function simpleQuery(sql: string): Buffer {
  return message('Q', text(sql));
}

/** Forgets prepared statements; also ends a unit that a client left half-sent. */
export function forgetStatements(names: Iterable<string>): Buffer {
  return Buffer.concat([...[...names].map((name) => message('C', text(`S${name}`))), message('S', Buffer.alloc(0))]);
}

function text(...values: string[]): Buffer {
  return Buffer.from(values.map((value) => `${value}\0`).join(''));
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
