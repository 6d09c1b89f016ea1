import { connect } from 'node:net';

/** An HTTP answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends bytes to a local port and gives the first answer; rejects when there is none within the time. */
export function rawRequest(port: number, ...pieces: readonly (string | Buffer)[]): Promise<RawAnswer> {
  const isHead = String(pieces[0]).startsWith('HEAD ');
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    const finish = () => {
      socket.destroy();
      const answer = parse(received, isHead);
      if (answer === undefined) reject(new Error(`no answer: ${JSON.stringify(received.slice(0, 200))}`));
      else resolve(answer);
    };
    socket.setTimeout(5_000, finish);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (parse(received, isHead) !== undefined) finish();
    });
    socket.on('close', finish);
    socket.on('error', () => undefined);
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece);
    });
  });
}

function parse(text: string, isHead: boolean): RawAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  const status = /^HTTP\/1\.1 ([0-9]{3})/.exec(text)?.[1];
  if (end < 0 || status === undefined) return undefined;
  const head = text.slice(0, end);
  // The length of an answer to HEAD is that of the body it leaves out.
  const length = isHead ? 0 : Number(/^content-length: *([0-9]+)/im.exec(head)?.[1] ?? '0');
  const body = text.slice(end + 4);
  return body.length < length ? undefined : { status: Number(status), head, body };
}
