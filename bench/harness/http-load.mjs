// The lightest HTTP client: what it costs is in every contestant's latency alike, so it shall cost little.
import { connect } from 'node:net';

/**
 * Sends one GET again and again over connections that stay open. An answer that is not 200, or that has another length
 * than the first one, fails the operation.
 * @param {{ port: number, path: string, headers?: Record<string, string> }} request
 */
export function httpGets({ port, path, headers = {} }) {
  const lines = [`GET ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, ...Object.entries(headers).map((pair) => pair.join(': '))];
  const text = `${lines.join('\r\n')}\r\n\r\n`;
  const idle = [];
  const all = new Set();
  let expected;
  const check = ({ status, body }) => {
    if (status !== 200) throw new Error(`${path} was answered with ${status}: ${body.slice(0, 500)}`);
    expected ??= body.length;
    if (body.length !== expected) throw new Error(`${path} was answered with ${body.length} characters, not ${expected}`);
    return body;
  };
  return {
    get: async () => {
      const connection = idleOne(idle) ?? open(port);
      all.add(connection);
      const answer = await connection.ask(text);
      idle.push(connection);
      return check(answer);
    },
    close: () => all.forEach((connection) => connection.close()),
  };
}

/** One that the server has not closed meanwhile. */
function idleOne(idle) {
  for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) if (connection.isOpen()) return connection;
  return undefined;
}

function open(port) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  let received = '';
  let asked;
  socket.setEncoding('latin1');
  const fail = (error) => asked?.reject(error);
  socket.on('data', (chunk) => {
    received += chunk;
    try {
      const answer = answerIn(received);
      if (answer === undefined) return;
      received = '';
      asked?.resolve(answer);
    } catch (error) {
      fail(error);
    }
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the connection was closed')));
  return {
    ask: (text) => {
      asked = Promise.withResolvers();
      socket.write(text);
      return asked.promise;
    },
    isOpen: () => socket.writable && socket.readable,
    close: () => socket.destroy(),
  };
}

/**
 * The answer in what was received, or undefined while it is not complete. It must say its length.
 * @param {string} received one character per byte
 * @returns {{ status: number, body: string } | undefined}
 */
export function answerIn(received) {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = received.slice(0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without its length: ${head.slice(0, 200)}`);
  const body = received.slice(end + 4);
  return body.length < Number(length) ? undefined : { status: Number(head.slice(9, 12)), body: body.slice(0, Number(length)) };
}
