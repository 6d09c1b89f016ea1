import type { Writable } from 'node:stream';
import pg from 'pg';
import { serialize } from 'pg-protocol';
import utils from 'pg/lib/utils.js';

/** One statement of a burst, and who waits for its rows. */
export interface BurstStatement {
  readonly text: string;
  /** The name of a prepared statement, kept by the connection (one name, one text); without one it is parsed each time. */
  readonly name: string | undefined;
  readonly values: WireValue[];
  readonly resolve: (rows: object[]) => void;
  readonly reject: (error: Error) => void;
}

/** A value as it is sent. */
export type WireValue = string | Buffer | null;

/** The values as the driver sends them; throws what it would throw while it writes, when it is too late to stop. */
export function wireValues(values: readonly unknown[]): WireValue[] {
  return values.map((value) => utils.prepareValue(value));
}

interface Column {
  readonly name: string;
  readonly read: (text: string) => unknown;
}

/** The parts of the driver's connection that a query class works with; its types do not name them. */
interface Wire {
  readonly stream: Writable;
  readonly parsedStatements: Record<string, string>;
  readonly submittedNamedStatements: Record<string, string>;
}

/** What a connection's prepared statements answer with, by name: Postgres refuses to run one whose columns have changed. */
const answers = new WeakMap<object, Map<string, readonly Column[]>>();

/**
 * Statements that travel together and become true together: one Sync behind all of them makes them one transaction
 * without BEGIN and COMMIT (Postgres protocol, "Pipelining"), so that each side writes once. One that fails ends it:
 * those behind it are not run, and nothing is committed.
 *
 * Of the driver's own class, because a pipelined connection takes no other.
 */
export class Burst extends pg.Query {
  /** Of the statement whose answer comes next: what the driver keeps as parsed when the server says so. */
  declare name: string | undefined;
  declare text: string | undefined;
  /** Whether anything went to the server. */
  sent = false;
  readonly #statements: readonly BurstStatement[];
  readonly #over: (error: Error | undefined) => void;
  #answers: Map<string, readonly Column[]> | undefined;
  #at = 0;
  #columns: readonly Column[] = [];
  #rows: object[] = [];

  /** `over` is called once: when all is committed, or with what failed. */
  constructor(statements: readonly BurstStatement[], over: (error: Error | undefined) => void) {
    super('');
    this.#statements = statements;
    this.#over = over;
  }

  /** Called by the driver, which gives an error that is returned back to `handleError`. */
  override submit = (connection: object): Error | undefined => {
    const { parsedStatements, submittedNamedStatements, stream } = connection as Wire;
    const parsedAs = (name: string) => parsedStatements[name] ?? submittedNamedStatements[name];
    const other = this.#statements.find(({ name = '', text }) => (parsedAs(name) ?? text) !== text);
    if (other) return new Error(`the prepared statement ${other.name} is already another one on this connection`);
    this.#answers = answersOf(connection);
    this.#expect(0);
    const messages: Buffer[] = [];
    for (const { name = '', text, values } of this.#statements) {
      if (name === '' || parsedAs(name) === undefined) {
        messages.push(serialize.parse({ text, name }));
        if (name !== '') submittedNamedStatements[name] = text;
      }
      messages.push(serialize.bind({ statement: name, values }));
      if (!this.#answers.has(name)) messages.push(serialize.describe({ type: 'P' }));
      messages.push(serialize.execute());
    }
    messages.push(serialize.sync());
    // In one piece: each write costs both sides a system call. A connection that is ending tells of it by itself.
    this.sent = stream.writable;
    if (this.sent) stream.write(Buffer.concat(messages));
    return undefined;
  };

  handleRowDescription({ fields }: { readonly fields: readonly pg.FieldDef[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, read: readerOf(dataTypeID) }));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    try {
      for (const [index, { name, read }] of this.#columns.entries()) {
        const text = fields[index] ?? null;
        row[name] = text === null ? null : read(text);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#statements[this.#at]?.reject(error as Error);
    }
  }

  handleCommandComplete(): void {
    const { name, resolve } = this.#statements[this.#at] as BurstStatement;
    if (name !== undefined) this.#answers?.set(name, this.#columns);
    resolve(this.#rows);
    this.#expect(this.#at + 1);
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  /** Postgres would wait for rows for ever: in this mode it does not see the Sync that has been sent. */
  handleCopyInResponse(connection: object): void {
    (connection as Wire).stream.destroy(new Error('COPY FROM STDIN cannot be part of a burst'));
  }

  handleError(error: Error, connection: object): void {
    const { submittedNamedStatements } = connection as Wire;
    for (const { name, reject } of this.#statements.slice(this.#at)) {
      if (name !== undefined) delete submittedNamedStatements[name];
      reject(error);
    }
    this.#over(error);
  }

  handleReadyForQuery(): void {
    this.#over(undefined);
  }

  #expect(at: number): void {
    const next = this.#statements[at];
    this.#at = at;
    this.name = next?.name;
    this.text = next?.text;
    this.#rows = [];
    this.#columns = (next?.name !== undefined && this.#answers?.get(next.name)) || [];
  }
}

function readerOf(type: number): Column['read'] {
  return pg.types.getTypeParser(type, 'text') as Column['read'];
}

function answersOf(connection: object): Map<string, readonly Column[]> {
  const kept = answers.get(connection) ?? new Map<string, readonly Column[]>();
  answers.set(connection, kept);
  return kept;
}
