import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@support101/testing';
import { ApiClient } from './api-client.js';
import { type Product, startProduct, temporaryDirectory } from './product.js';

// The main job through the public API of the product: a question answered from the tenant's own knowledge.

const passwordArticle = {
  title: 'Reset your password',
  content:
    'If you cannot sign in because you forgot your password, you can set a new one yourself.\n\n' +
    '1. Open the sign-in page and choose "Forgot password".\n2. Enter the e-mail address of your account.\n' +
    '3. Open the link in the e-mail we send you. It is valid for one hour.\n4. Choose a new password and confirm it.',
  sourceUrl: 'https://help.acme.example/password',
  tags: ['account', 'sign-in'],
};
const otherArticles = [
  {
    title: 'Where is my parcel?',
    content:
      'Every order gets a tracking number by e-mail when it leaves our warehouse. Parcels inside the country take two to four working days.',
  },
  {
    title: 'How refunds work',
    content:
      'Send the goods back within 30 days. We refund the price to the card you paid with, within five working days after the parcel arrived.',
  },
  {
    title: 'Change your billing address',
    content:
      'Open Billing in your account settings, choose Edit address, and save. The new address is printed on the next invoice.',
  },
];

const directory = await temporaryDirectory();
let product: Product;
let platform: ApiClient;
let acme: ApiClient;
let globex: ApiClient;
const ids = { acme: '', globex: '', article: '', agent: '', run: '', key: '' };
const keys = { acme: '', globex: '' };

async function tenantWithKey(name: string): Promise<{ tenantId: string; key: string }> {
  const tenant = await platform.post('/v1/tenants', { name, tier: 'professional', autoActivate: true });
  expect(tenant).toMatchObject({ status: 201, body: { name, tier: 'professional', status: 'active' } });
  const key = await platform.post(`/v1/tenants/${tenant.body['tenantId']}/api-keys`, { name: 'test', roles: ['admin'] });
  expect(key.status).toBe(201);
  return { tenantId: tenant.body['tenantId'] as unknown as string, key: key.body['key'] as unknown as string };
}

function connect(): void {
  platform = new ApiClient(product.url, product.platformKey);
  acme = new ApiClient(product.url, keys.acme);
  globex = new ApiClient(product.url, keys.globex);
}

beforeAll(async () => {
  product = await startProduct(directory.path);
  connect();
}, 120_000);

afterAll(async () => {
  await product?.kill();
  await directory.remove();
});

describe('a question answered from the tenant’s own knowledge', () => {
  it('makes two tenants and a key for each', async () => {
    const [first, second] = [await tenantWithKey('Acme'), await tenantWithKey('Globex')];
    Object.assign(ids, { acme: first.tenantId, globex: second.tenantId });
    Object.assign(keys, { acme: first.key, globex: second.key });
    connect();

    expect(keys.acme).toMatch(/^s101_/);
    expect((await acme.get(`/v1/tenants/${ids.acme}`)).body).toMatchObject({ name: 'Acme', limits: { maxAgents: 20 } });
  });

  it('finds the right article for a paraphrase that shares few words', async () => {
    const created = await acme.post('/v1/learning/knowledge', passwordArticle);
    for (const article of otherArticles) expect((await acme.post('/v1/learning/knowledge', article)).status).toBe(201);
    ids.article = created.body['articleId'] as unknown as string;

    await eventually(async () => {
      const found = await acme.get(`/v1/learning/knowledge/search?q=${encodeURIComponent('I can’t remember my login')}`);

      expect(found.status).toBe(200);
      expect(found.body.data[0]).toMatchObject({ articleId: ids.article, title: passwordArticle.title });
    }, 15_000);
  });

  it('answers from the article, names it, and says how sure it is', async () => {
    const agent = await acme.post('/v1/agents', { blueprint: 'support_agent', name: 'Helper' });
    expect(agent).toMatchObject({ status: 201, body: { blueprint: 'support_agent', tenantId: ids.acme } });
    ids.agent = agent.body['agentId'] as unknown as string;

    const run = await acme.post(`/v1/agents/${ids.agent}/execute`, { input: { query: 'How do I reset my password?' } });

    expect(run).toMatchObject({
      status: 200,
      body: {
        status: 'completed',
        outcome: 'resolved',
        output: {
          answer: expect.stringContaining('Forgot password'),
          sources: [expect.objectContaining({ articleId: ids.article, title: passwordArticle.title })],
          confidence: expect.any(Number),
        },
        usage: { model: expect.stringMatching(/^local\//) },
      },
    });
    ids.run = run.body['runId'] as unknown as string;
    expect((await acme.get(`/v1/runs/${ids.run}/steps`)).body.data.length).toBeGreaterThan(1);
  });

  it('does not invent an answer that the knowledge base does not hold: it fails by name when no person shall be asked', async () => {
    const made = await acme.post('/v1/agents', { blueprint: 'support_agent', name: 'Alone', config: { whenUnsure: 'fail' } });
    const execute = `/v1/agents/${String(made.body['agentId'])}/execute`;

    const run = await acme.post(execute, { input: { query: 'Which wine goes with grilled octopus?' } });

    expect(run.body).toMatchObject({ status: 'failed', error: { code: 'no_supported_answer' } });
  });

  it('shows nothing of one tenant to another', async () => {
    const paths = [
      `/v1/tenants/${ids.acme}`,
      `/v1/tenants/${ids.acme}/api-keys`,
      `/v1/learning/knowledge/${ids.article}`,
      `/v1/agents/${ids.agent}`,
      `/v1/agents/${ids.agent}/state`,
      `/v1/runs/${ids.run}`,
      `/v1/runs/${ids.run}/steps`,
    ];

    const answers = await Promise.all(paths.map((path) => globex.get(path)));
    const executed = await globex.post(`/v1/agents/${ids.agent}/execute`, { input: { query: 'How do I reset my password?' } });
    const found = await globex.get('/v1/learning/knowledge/search?q=reset+password');

    expect(answers.map((answer) => answer.status)).toEqual(paths.map(() => 404));
    expect(executed.status).toBe(404);
    expect(found.body.data).toEqual([]);
    expect((await globex.delete(`/v1/agents/${ids.agent}`)).status).toBe(404);
    expect((await globex.get('/v1/runs')).body.data).toEqual([]);
  });

  it('answers bad input with a named problem', async () => {
    const execute = `/v1/agents/${ids.agent}/execute`;
    const cases = [
      [await acme.post(execute, '{"input":'), 400, 'malformed_json'],
      [await acme.post(execute, { input: { query: 'x' }, surprise: 1 }), 400, 'validation_failed'],
      [await acme.post(execute, { input: { query: 'a\u0000b' } }), 400, 'validation_failed'],
      [await acme.post(execute, '{"input":{"query":"\\ud800"}}'), 400, 'validation_failed'],
      [await acme.post(execute, { input: { question: 'x' } }), 422, 'run_input_invalid'],
      [await acme.post(execute, { input: { query: 'x'.repeat(1_100_000) } }), 413, 'payload_too_large'],
      [await acme.get('/v1/agents/agt_nonsense'), 400, 'validation_failed'],
      [await acme.get('/v1/agents?colour=red'), 400, 'validation_failed'],
      [await acme.get('/v1/nothing'), 404, 'route_not_found'],
      [await new ApiClient(product.url, undefined).get('/v1/agents'), 401, 'unauthenticated'],
      [await new ApiClient(product.url, 's101_nonsense').get('/v1/agents'), 401, 'unauthenticated'],
      [await acme.post('/v1/tenants', { name: 'Mine' }), 403, 'forbidden'],
    ] as const;

    for (const [answer, status, code] of cases) {
      expect(answer).toMatchObject({ status, body: { code, correlationId: expect.any(String) } });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
  });

  it('refuses a revoked key within seconds', async () => {
    const made = await platform.post(`/v1/tenants/${ids.acme}/api-keys`, { name: 'short-lived', roles: ['viewer'] });
    const viewer = new ApiClient(product.url, made.body['key']);
    expect((await viewer.get('/v1/agents')).status).toBe(200);

    await platform.delete(`/v1/tenants/${ids.acme}/api-keys/${made.body['keyId']}`);

    await eventually(async () => expect((await viewer.get('/v1/agents')).status).toBe(401), 6_000);
  });

  it('gives the stored answer to a repeated idempotency key', async () => {
    const key = { 'idempotency-key': 'agent-once' };
    const first = await acme.post('/v1/agents', { blueprint: 'support_agent', name: 'Once' }, key);
    const second = await acme.post('/v1/agents', { blueprint: 'support_agent', name: 'Once' }, key);
    const other = await acme.post('/v1/agents', { blueprint: 'support_agent', name: 'Other' }, key);

    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  it.each(['stop', 'kill'] as const)(
    'has everything still after a %s and a new start',
    async (way) => {
      await product[way]();
      product = await startProduct(directory.path);
      connect();

      const agent = await acme.get(`/v1/agents/${ids.agent}`);
      const run = await acme.get(`/v1/runs/${ids.run}`);
      const article = await acme.get(`/v1/learning/knowledge/${ids.article}`);
      const again = await acme.post(`/v1/agents/${ids.agent}/execute`, { input: { query: 'I forgot my password, what now?' } });

      expect([agent.status, run.status, article.status]).toEqual([200, 200, 200]);
      expect(run.body).toMatchObject({ status: 'completed' });
      expect(again.body).toMatchObject({
        status: 'completed',
        output: { sources: [expect.objectContaining({ articleId: ids.article })] },
      });
      expect((await platform.get('/v1/tenants')).body.data.map((tenant) => tenant['name'])).toEqual(
        expect.arrayContaining(['Acme', 'Globex']),
      );
    },
    60_000,
  );
});
