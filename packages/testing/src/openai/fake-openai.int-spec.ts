import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { fakeOpenAi, type FakeOpenAi } from './fake-openai.js';

let fake: FakeOpenAi;
let client: OpenAI;

beforeEach(async () => {
  fake = await fakeOpenAi();
  client = new OpenAI({ apiKey: 'sk-test', baseURL: fake.url, maxRetries: 0, timeout: 500 });
});

afterEach(() => fake.close());

const messages = [{ role: 'user' as const, content: 'How do I reset my password?' }];
const chat = () => client.chat.completions.create({ model: 'gpt-test', messages });

const answerSchema = {
  type: 'object',
  properties: { answer: { type: 'string' }, confidence: { type: 'number', minimum: 0, maximum: 1 } },
  required: ['answer', 'confidence'],
  additionalProperties: false,
};
const structured = (schema: Record<string, unknown>) =>
  client.chat.completions.create({
    model: 'gpt-test',
    messages,
    response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
  });

describe('chat completions', () => {
  it('answers as scripted, with usage, and keeps what it was asked', async () => {
    fake.script({ text: 'Use the link.', usage: { inputTokens: 11, outputTokens: 3 } });

    const completion = await chat();

    expect(completion.choices[0]?.message.content).toBe('Use the link.');
    expect(completion.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 3, total_tokens: 14 });
    expect(fake.requests).toEqual([
      expect.objectContaining({ path: '/v1/chat/completions', body: expect.objectContaining({ model: 'gpt-test', messages }) }),
    ]);
  });

  it('without a script answers an example of the schema it is given', async () => {
    const completion = await structured(answerSchema);

    expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual({ answer: 'text', confidence: 0 });
  });

  it.each([
    ['an open object', { ...answerSchema, additionalProperties: true }, 'additionalProperties'],
    ['an optional property', { ...answerSchema, required: ['answer'] }, "Missing 'confidence'"],
  ])('refuses a strict schema with %s', async (_case, schema, named) => {
    await expect(structured(schema)).rejects.toThrow(named);
  });

  it('streams word by word and ends with the usage', async () => {
    fake.script({ text: 'one two three' });
    const stream = await client.chat.completions.create({
      model: 'gpt-test',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });

    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);

    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('one two three');
    expect(chunks.at(-1)?.usage?.completion_tokens).toBe(3);
  });
});

describe('faults', () => {
  it('names the pause with a 429, once', async () => {
    fake.script({ status: 429, retryAfterSeconds: 7 });

    await expect(chat()).rejects.toMatchObject({ status: 429, headers: expect.anything() });
    await expect(chat()).resolves.toBeDefined();
  });

  it.each([
    ['a server error', { status: 500 }, '500'],
    ['no answer in time', { fault: 'hang' }, 'Connection error.'],
    ['a connection reset', { fault: 'reset' }, 'Connection error.'],
    ['half a body', { fault: 'reset-in-body' }, 'terminated'],
    ['a body that is not JSON', { fault: 'malformed-json' }, 'JSON'],
  ] as const)('breaks down with %s', async (_case, planned, expected) => {
    fake.script(planned);

    await expect(chat()).rejects.toThrow(expected);
  });

  it('refuses a request without a key', async () => {
    const options = { headers: { authorization: null } };

    await expect(client.embeddings.create({ model: 'm', input: 'x' }, options)).rejects.toMatchObject({ status: 401 });
  });
});

describe('embeddings', () => {
  it.each(['float', 'base64'] as const)('puts texts that share words near each other (%s)', async (encoding_format) => {
    const input = ['reset my password', 'password reset', 'where is my parcel'];

    const { data } = await client.embeddings.create({ model: 'm', input, dimensions: 256, encoding_format });

    const vectors = data.map(({ embedding }) => toNumbers(embedding));
    expect(vectors.map((vector) => vector.length)).toEqual([256, 256, 256]);
    expect(dot(vectors[0], vectors[1])).toBeGreaterThan(dot(vectors[0], vectors[2]) + 0.3);
  });
});

function toNumbers(embedding: number[] | string): number[] {
  if (typeof embedding !== 'string') return embedding;
  const bytes = Buffer.from(embedding, 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

function dot(a: readonly number[] = [], b: readonly number[] = []): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
