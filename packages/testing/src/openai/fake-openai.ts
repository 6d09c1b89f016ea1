import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  chatCompletion,
  embeddings,
  type ChatReply,
  type ChatRequest,
  type EmbeddingsRequest,
  type OpenAiFault,
  type OpenAiRequest,
  type Refusal,
  streamChat,
} from './openai-wire.js';
import { refusalOf } from './openai-rules.js';

/** A server on the loopback interface that speaks OpenAI's chat completions and embeddings. */
export interface FakeOpenAi {
  /** What the client takes as `baseURL`. */
  readonly url: string;
  /** Everything that was asked, oldest first. */
  readonly requests: readonly OpenAiRequest[];
  /** The next requests get these, one each and in order; after them the default answers return. */
  script(...replies: readonly (ChatReply | OpenAiFault)[]): void;
  close(): Promise<void>;
}

/**
 * Starts a fake OpenAI for the real client. It refuses what the real one refuses: no key, no model, a strict schema with
 * optional or additional properties. Without a script chat answers "ok" (or an example of the schema it was given), and
 * embeddings are made of the words, so that texts that share words are near each other.
 */
export async function fakeOpenAi(): Promise<FakeOpenAi> {
  const requests: OpenAiRequest[] = [];
  const script: (ChatReply | OpenAiFault)[] = [];
  const server = createServer((request, response) => {
    void receive(request).then((received) => {
      requests.push(received);
      reply(received, script.shift() ?? {}, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    script: (...replies) => void script.push(...replies),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function receive(request: IncomingMessage): Promise<OpenAiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
  return { path: request.url ?? '', headers: request.headers, body };
}

function reply(request: OpenAiRequest, planned: ChatReply | OpenAiFault, response: ServerResponse): void {
  if ('fault' in planned) return breakDown(planned.fault, response);
  if ('status' in planned) return refuse(response, planned);
  const refusal = refusalOf(request);
  if (refusal !== undefined) return refuse(response, refusal);
  if (request.path === '/v1/embeddings') return sendJson(response, 200, embeddings(request.body as unknown as EmbeddingsRequest));
  const chat = request.body as unknown as ChatRequest;
  if (chat.stream === true) return streamChat(chat, planned, response);
  sendJson(response, 200, chatCompletion(chat, planned));
}

function refuse(response: ServerResponse, error: Refusal): void {
  if (error.retryAfterSeconds !== undefined) response.setHeader('retry-after', error.retryAfterSeconds);
  const type = error.status === 429 ? 'rate_limit_error' : error.status >= 500 ? 'server_error' : 'invalid_request_error';
  const message = error.message ?? `The fake answers ${error.status}`;
  sendJson(response, error.status, { error: { message, type, param: null, code: error.code ?? null } });
}

function breakDown(fault: 'hang' | 'reset' | 'reset-in-body' | 'malformed-json', response: ServerResponse): void {
  if (fault === 'hang') return;
  if (fault === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  if (fault === 'malformed-json') response.end('{"id":"chatcmpl-1","choices":[{"mess');
  else response.write('{"id":', () => response.socket?.resetAndDestroy());
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_fake' }).end(JSON.stringify(body));
}
