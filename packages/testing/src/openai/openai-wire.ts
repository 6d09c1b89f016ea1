import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { exampleOfJsonSchema } from '../example.js';

/** What the fake does instead of answering. `hang` never answers, the resets cut the connection before or inside the body. */
export type OpenAiFault = Refusal | { readonly fault: 'hang' | 'reset' | 'reset-in-body' | 'malformed-json' };

/** An error answer in OpenAI's form. */
export interface Refusal {
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
  readonly retryAfterSeconds?: number;
}

/** One request as it arrived. */
export interface OpenAiRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What chat answers: text, or JSON that is sent as text; usage is counted in words unless given. */
export interface ChatReply {
  readonly text?: string;
  readonly json?: unknown;
  readonly refusal?: string;
  readonly finishReason?: 'stop' | 'length' | 'content_filter';
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
}

/** The fields of a chat request the fake looks at. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly response_format?: { readonly type: string; readonly json_schema?: { readonly schema?: Record<string, unknown> } };
}

/** The fields of an embeddings request. */
export interface EmbeddingsRequest {
  readonly model: string;
  readonly input: string | readonly string[];
  readonly dimensions?: number;
  readonly encoding_format?: 'float' | 'base64';
}

/** The body of `POST /v1/chat/completions`. */
export function chatCompletion(request: ChatRequest, reply: ChatReply): object {
  const content = contentOf(request, reply);
  return {
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: 1_767_225_600,
    model: request.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: reply.refusal ?? null },
        finish_reason: reply.finishReason ?? 'stop',
        logprobs: null,
      },
    ],
    usage: usageOf(request, reply, content),
  };
}

/** The same answer word by word, as server-sent events. */
export function streamChat(request: ChatRequest, reply: ChatReply, response: ServerResponse): void {
  const content = contentOf(request, reply);
  const envelope = { id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 1_767_225_600, model: request.model };
  const send = (rest: object) => response.write(`data: ${JSON.stringify({ ...envelope, ...rest })}\n\n`);
  const choice = (delta: object, finish: string | null) => ({
    choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }],
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  send(choice({ role: 'assistant', content: '' }, null));
  for (const word of (content ?? '').match(/\S+\s*/g) ?? []) send(choice({ content: word }, null));
  send(choice({}, reply.finishReason ?? 'stop'));
  if (request.stream_options?.include_usage === true) send({ choices: [], usage: usageOf(request, reply, content) });
  response.end('data: [DONE]\n\n');
}

/** The body of `POST /v1/embeddings`. */
export function embeddings(request: EmbeddingsRequest): object {
  const texts = typeof request.input === 'string' ? [request.input] : request.input;
  const tokens = texts.reduce((sum, text) => sum + wordsOf(text).length, 0);
  const data = texts.map((text, index) => {
    const vector = wordVector(text, request.dimensions ?? 1536);
    const embedding = request.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding };
  });
  return { object: 'list', model: request.model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

function contentOf(request: ChatRequest, reply: ChatReply): string | null {
  if (reply.refusal !== undefined) return null;
  if (reply.text !== undefined) return reply.text;
  if (reply.json !== undefined) return JSON.stringify(reply.json);
  const schema = request.response_format?.json_schema?.schema;
  return schema === undefined ? 'ok' : JSON.stringify(exampleOfJsonSchema(schema));
}

function usageOf(request: ChatRequest, reply: ChatReply, content: string | null): object {
  const input = reply.usage?.inputTokens ?? wordsOf(JSON.stringify(request.messages)).length;
  const output = reply.usage?.outputTokens ?? wordsOf(content ?? '').length;
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** A unit vector in which every word of the text stands at a place of its own. */
function wordVector(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of wordsOf(text)) {
    const place = createHash('sha256').update(word).digest().readUInt32BE(0) % dimensions;
    vector[place] = (vector[place] ?? 0) + 1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
