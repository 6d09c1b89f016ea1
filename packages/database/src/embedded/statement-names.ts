// The backend has one session, so the names of prepared statements of all connections meet in it. Each connection's get
// a prefix of its own. (Worth having: a named statement costs a quarter of one that is parsed and planned each time.)

/** Where the name of a prepared statement begins in a message that has one; undefined when there is none. */
function nameStart(unit: Buffer, type: string, body: number): number | undefined {
  if (type === 'P') return body;
  // A portal's name comes first, ended by a zero byte.
  if (type === 'B') return unit.indexOf(0, body) + 1;
  if ((type === 'D' || type === 'C') && unit[body] === 'S'.charCodeAt(0)) return body + 1;
  return undefined;
}

/** Whether a statement of the unit is a COPY that would read from the client, which the backend does not survive. */
export function readsFromClient(unit: Buffer): boolean {
  for (let at = 0; at < unit.length; at += 1 + unit.readInt32BE(at + 1)) {
    const type = String.fromCharCode(unit[at] ?? 0);
    if (type !== 'Q' && type !== 'P') continue;
    const statement = unit.toString('latin1', at + 5, at + 1 + unit.readInt32BE(at + 1));
    if (/(^|[;\0])\s*copy\s[^;]*\sfrom\s+stdin\b/i.test(statement)) return true;
  }
  return false;
}

/** The unit with the prefix before every name of a prepared statement; adds the names that it prepares to `prepared`. */
export function withOwnNames(unit: Buffer, prefix: string, prepared: Set<string>): Buffer {
  const pieces: Buffer[] = [];
  let kept = 0;
  for (let at = 0; at < unit.length;) {
    const type = String.fromCharCode(unit[at] ?? 0);
    const length = unit.readInt32BE(at + 1);
    const start = nameStart(unit, type, at + 5);
    if (start !== undefined && start < at + 1 + length && unit[start] !== 0) {
      if (type === 'P') prepared.add(prefix + unit.toString('utf8', start, unit.indexOf(0, start)));
      const head = Buffer.from(unit.subarray(at, start));
      head.writeInt32BE(length + Buffer.byteLength(prefix), 1);
      pieces.push(unit.subarray(kept, at), head, Buffer.from(prefix));
      kept = start;
    }
    at += 1 + length;
  }
  return pieces.length === 0 ? unit : Buffer.concat([...pieces, unit.subarray(kept)]);
}
