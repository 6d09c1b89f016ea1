import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineTask } from '@support101/agent-kit';
import { fakeOpenAi, type FakeOpenAi } from '@support101/testing';
import { z } from 'zod';
import { openModels, type ModelOptions, type Models } from './index.js';

const answerQuestion = defineTask({
  name: 'answer_question',
  instructions: 'Answer from the passages.',
  input: z.object({ question: z.string() }),
  output: z.object({ answer: z.string().min(3).nullable(), confidence: z.number().min(0).max(1) }),
  offline: () => ({ answer: null, confidence: 0 }),
});
const good = { answer: 'Use the link.', confidence: 0.9 };
const signal = new AbortController().signal;

let fake: FakeOpenAi;
beforeEach(async () => void (fake = await fakeOpenAi()));
afterEach(() => fake.close());

const quick = { firstPauseMs: 1, longestPauseMs: 50, timeoutMs: 10_000 };
const open = (options: ModelOptions = {}): Promise<Models> =>
  openModels({ openAiApiKey: 'sk-test', openAiBaseUrl: fake.url, limits: quick, ...options });
const ask = async (models?: Models, abort = signal) =>
  (models ?? (await open())).tasks.run(answerQuestion, { question: 'How?' }, { signal: abort });

describe('a task on OpenAI', () => {
  it('sends instructions, data and a strict schema, and counts tokens and money', async () => {
    fake.script({ json: good, usage: { inputTokens: 1000, outputTokens: 100 } });

    const { output, usage } = await ask();

    expect(output).toEqual(good);
    expect(usage).toEqual({ inputTokens: 1000, outputTokens: 100, costMicroUsd: 560, model: 'gpt-4.1-mini' });
    expect(fake.requests[0]?.body).toMatchObject({
      model: 'gpt-4.1-mini',
      temperature: 0.1,
      messages: [{ role: 'system' }, { role: 'user', content: expect.stringContaining('"question": "How?"') }],
      response_format: { type: 'json_schema', json_schema: { name: 'answer_question', strict: true } },
    });
  });

  it.each([
    ['a wrong field', { json: { answer: 'no', confidence: 7 } }, '- /confidence: '],
    ['no JSON', { text: 'Sure! ```json {}```' }, '- /: is not JSON'],
  ])('repairs %s once, sending the issues back', async (_name, bad, named) => {
    const usage = { inputTokens: 10, outputTokens: 5 };
    fake.script({ ...bad, usage }, { json: good, usage });

    const answer = await ask();

    expect(answer.output).toEqual(good);
    expect(answer.usage).toMatchObject({ inputTokens: 20, outputTokens: 10 });
    const messages = fake.requests[1]?.body['messages'] as { content: string }[];
    expect(messages.at(-1)?.content).toContain(named);
  });

  it('fails closed when the repair does not fit either', async () => {
    fake.script({ json: { answer: 7 } }, { json: { answer: 7 } }, { json: good });

    await expect(ask()).rejects.toMatchObject({ code: 'model_output_invalid' });
    expect(fake.requests).toHaveLength(2);
  });

  it.each([
    ['refuses', { refusal: 'I cannot help with that.' }],
    ['is cut off', { text: '{"answer": "Us', finishReason: 'length' as const }],
    ['is filtered', { text: '', finishReason: 'content_filter' as const }],
  ])('fails without a repair when the model %s', async (_name, reply) => {
    fake.script(reply);

    await expect(ask()).rejects.toMatchObject({ code: 'model_output_invalid' });
    expect(fake.requests).toHaveLength(1);
  });

  it('asks a thinking model without a temperature, and says when no price is known', async () => {
    const models = await open({ chatModel: 'gpt-6-luna' });
    fake.script({ json: good });

    const { usage } = await ask(models);

    expect(fake.requests[0]?.body).not.toHaveProperty('temperature');
    expect(usage.costMicroUsd).toBe(0);
    expect(models.description.chat).toBe('gpt-6-luna (no price known, cost counts as 0)');
  });
});

describe('a failing provider', () => {
  it.each([
    ['500', { status: 500 }],
    ['429', { status: 429, retryAfterSeconds: 0 }],
    ['a reset', { fault: 'reset' }],
    ['a reset inside the body', { fault: 'reset-in-body' }],
    ['half a body', { fault: 'malformed-json' }],
  ] as const)('is asked again after %s', async (_name, fault) => {
    fake.script(fault, fault, { json: good });

    const { output } = await ask();

    expect(output).toEqual(good);
    expect(fake.requests).toHaveLength(3);
  });

  it('is asked again when it does not answer in time', async () => {
    fake.script({ fault: 'hang' }, { json: good });

    const { output } = await ask(await open({ limits: { ...quick, timeoutMs: 2_000 } }));

    expect(output).toEqual(good);
    expect(fake.requests).toHaveLength(2);
  });

  it('is given the pause it asks for', async () => {
    fake.script({ status: 429, retryAfterSeconds: 1 }, { json: good });
    const models = await open({ limits: { ...quick, longestPauseMs: 1500 } });
    const start = performance.now();

    await ask(models);

    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  it('is not asked again when the pause is longer than ours, which the error names', async () => {
    fake.script({ status: 429, retryAfterSeconds: 60 });

    await expect(ask()).rejects.toMatchObject({ code: 'model_unavailable', retryAfterSeconds: 60 });
    expect(fake.requests).toHaveLength(1);
  });

  it.each([400, 401, 404])('is not asked again after %i', async (status) => {
    fake.script({ status });

    await expect(ask()).rejects.toMatchObject({ code: 'model_unavailable' });
    expect(fake.requests).toHaveLength(1);
  });

  it('gets a rest after five failures in a row', async () => {
    const models = await open();
    fake.script(...Array.from({ length: 6 }, () => ({ status: 500 })));

    await expect(ask(models)).rejects.toMatchObject({ code: 'model_unavailable' });
    await expect(ask(models)).rejects.toMatchObject({ detail: expect.stringContaining('given a rest') });
    await expect(ask(models)).rejects.toMatchObject({ detail: expect.stringContaining('given a rest') });
    expect(fake.requests).toHaveLength(5);
  });

  it('is left at once when the caller aborts, also in a pause', async () => {
    const controller = new AbortController();
    fake.script({ status: 429, retryAfterSeconds: 20 });
    const models = await open({ limits: { ...quick, longestPauseMs: 30_000, firstPauseMs: 400 } });
    fake.script({ status: 500 });

    const asked = ask(models, controller.signal);
    setTimeout(() => controller.abort(new Error('cancelled')), 50);

    await expect(asked).rejects.toThrow('cancelled');
  });
});

describe('embeddings of OpenAI', () => {
  it('come in 512 dimensions, in order, one request for all', async () => {
    const { embedder } = await open();

    const vectors = await embedder.embed(['reset my password', 'where is my parcel', 'reset my password']);

    expect(embedder).toMatchObject({ name: 'text-embedding-3-small/512', dimensions: 512 });
    expect(vectors.map((vector) => vector.length)).toEqual([512, 512, 512]);
    expect(vectors[2]).toEqual(vectors[0]);
    expect(fake.requests.map(({ body }) => body['input'])).toEqual([['reset my password', 'where is my parcel']]);
  });

  it('fail by name when the server has no such model', async () => {
    const { embedder } = await open();
    fake.script({ status: 404 });

    await expect(embedder.embed(['x'])).rejects.toMatchObject({ code: 'model_unavailable' });
  });

  it('stay local when asked to', async () => {
    const models = await open({ embeddingModel: 'local' });

    expect(models.embedder.name).toBe('local/use-lite-512');
    await models.close();
  });
});

describe('without a key', () => {
  it('everything is local and says so', async () => {
    const models = await openModels({ openAiApiKey: '' });

    const { usage } = await ask(models);

    expect(usage.model).toBe('local/extractive-1');
    expect(models.description).toEqual({
      chat: 'local/extractive-1 (offline, extractive)',
      embeddings: 'local/use-lite-512 (offline)',
    });
    await models.close();
  });
});
