import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@support101/testing';
import { ApiClient } from './api-client.js';
import { type Product, startProduct, temporaryDirectory } from './product.js';

// The whole loop through the public API: a person asked, the lesson kept, everything on record.

const question = 'Do you deliver to Reykjavik, and how long does it take?';
const otherWords = 'how many days until a delivery arrives in Reykjavik?';
const rightAnswer = 'Yes, we deliver to Reykjavik. A parcel takes seven to nine working days and costs 14 euros.';

const directory = await temporaryDirectory();
let product: Product;
let platform: ApiClient;
let acme: ApiClient;
let globex: ApiClient;
const keys = { acme: '', globex: '' };
const ids = { acme: '', agent: '', globexAgent: '', run: '', request: '', path: '' };

const text = (value: unknown): string => String(value);

async function tenant(name: string): Promise<{ tenantId: string; key: string }> {
  const made = await platform.post('/v1/tenants', { name, tier: 'enterprise', autoActivate: true });
  const key = await platform.post(`/v1/tenants/${text(made.body['tenantId'])}/api-keys`, { name: 'test', roles: ['admin'] });
  return { tenantId: text(made.body['tenantId']), key: text(key.body['key']) };
}

function connect(): void {
  platform = new ApiClient(product.url, product.platformKey);
  acme = new ApiClient(product.url, keys.acme);
  globex = new ApiClient(product.url, keys.globex);
}

async function agentOf(client: ApiClient): Promise<string> {
  const article = {
    title: 'Reset your password',
    content: 'Open the sign-in page, choose Forgot password, and open the link that we send you. It is valid for one hour.',
  };
  expect((await client.post('/v1/learning/knowledge', article)).status).toBe(201);
  return text((await client.post('/v1/agents', { blueprint: 'support_agent', name: 'Helper' })).body['agentId']);
}

const execute = (client: ApiClient, agentId: string, query: string) =>
  client.post(`/v1/agents/${agentId}/execute`, { input: { query } });

const settled = (runId: string, status: string) =>
  eventually(async () => {
    const run = await acme.get(`/v1/runs/${runId}`);
    expect(run.body).toMatchObject({ status });
    return run;
  }, 20_000);

beforeAll(async () => {
  product = await startProduct(directory.path);
  connect();
  const [first, second] = [await tenant('Acme'), await tenant('Globex')];
  ids.acme = first.tenantId;
  Object.assign(keys, { acme: first.key, globex: second.key });
  connect();
  [ids.agent, ids.globexAgent] = [await agentOf(acme), await agentOf(globex)];
}, 180_000);

afterAll(async () => {
  await product?.kill();
  await directory.remove();
});

describe('the whole loop', () => {
  it('asks a person what nothing in the knowledge base answers', async () => {
    const run = await execute(acme, ids.agent, question);

    expect(run).toMatchObject({
      status: 202,
      body: { status: 'awaiting_human', output: null, awaiting: { requestId: expect.stringMatching(/^req_/) } },
    });
    ids.run = text(run.body['runId']);
    ids.request = text((run.body['awaiting'] as unknown as { requestId: string }).requestId);
    const request = await acme.get(`/v1/hitl/queue/${ids.request}`);
    expect(request).toMatchObject({
      status: 200,
      body: {
        status: 'pending',
        question,
        runId: ids.run,
        agentId: ids.agent,
        priority: expect.any(String),
        slaDeadline: expect.any(String),
        options: expect.arrayContaining(['edit', 'reject']),
        evidence: expect.any(Array),
      },
    });
    expect((await acme.get('/v1/hitl/queue')).body.data.map((item) => item['requestId'])).toContain(ids.request);
  });

  it('shows nothing of it to another tenant', async () => {
    expect((await globex.get('/v1/hitl/queue')).body.data).toEqual([]);
    expect((await globex.get(`/v1/hitl/queue/${ids.request}`)).status).toBe(404);
    expect((await globex.post(`/v1/hitl/queue/${ids.request}/claim`)).status).toBe(404);
    expect((await globex.post(`/v1/hitl/queue/${ids.request}/respond`, { decision: 'reject' })).status).toBe(404);
  });

  it('refuses a decision that is not offered, and edits of the wrong shape', async () => {
    const respond = `/v1/hitl/queue/${ids.request}/respond`;

    expect(await acme.post(respond, { decision: 'perhaps' })).toMatchObject({
      status: 422,
      body: { code: 'decision_not_offered' },
    });
    expect(await acme.post(respond, { decision: 'edit', edits: { reply: 'x' } })).toMatchObject({
      status: 422,
      body: { code: 'edits_invalid' },
    });
  });

  it('has the request still after the process was killed, and goes on with the answer of a person', async () => {
    await product.kill();
    product = await startProduct(directory.path);
    connect();
    expect(await acme.post(`/v1/hitl/queue/${ids.request}/claim`)).toMatchObject({ status: 200, body: { status: 'assigned' } });

    const respond = `/v1/hitl/queue/${ids.request}/respond`;
    const answer = { decision: 'edit', edits: { answer: rightAnswer }, reason: 'no article about Iceland' };
    const [first, second] = await Promise.all([acme.post(respond, answer), acme.post(respond, answer)]);

    expect([first.status, second.status].toSorted((a, b) => a - b)).toEqual([200, 409]);
    const run = await settled(ids.run, 'completed');
    expect(run.body).toMatchObject({ outcome: 'assisted', output: { answer: rightAnswer, answeredBy: 'person' } });
  }, 120_000);

  it('keeps the answer as a golden path and uses it for the same question in other words', async () => {
    const path = await eventually(async () => {
      const paths = await acme.get('/v1/learning/golden-paths');
      expect(paths.body.data).toMatchObject([{ question, answer: rightAnswer, origin: 'corrected', runId: ids.run }]);
      return paths.body.data[0];
    }, 20_000);
    ids.path = text(path?.['pathId']);

    const run = await eventually(async () => {
      const answered = await execute(acme, ids.agent, otherWords);
      expect(answered.body).toMatchObject({ status: 'completed' });
      return answered;
    }, 30_000);

    expect(run.body).toMatchObject({
      outcome: 'resolved',
      output: { answer: rightAnswer, sources: [expect.objectContaining({ pathId: ids.path, kind: 'golden_path' })] },
    });
  }, 60_000);

  it('does not tell another tenant what one has learned', async () => {
    const run = await execute(globex, ids.globexAgent, otherWords);

    expect(run).toMatchObject({ status: 202, body: { status: 'awaiting_human' } });
    expect((await globex.get('/v1/learning/golden-paths')).body.data).toEqual([]);
    expect((await globex.get(`/v1/learning/golden-paths/${ids.path}`)).status).toBe(404);
  });

  it('has everything on record, in a chain that holds', async () => {
    const actions = await eventually(async () => {
      const trail = await acme.get(`/v1/governance/audit/runs/${ids.run}?limit=100`);
      const found = trail.body.data.map((entry) => text(entry['action']));
      expect(found).toEqual(expect.arrayContaining(['agent-runtime.runs.completed']));
      return found;
    }, 20_000);

    expect(actions).toEqual(
      expect.arrayContaining([
        'agent-runtime.runs.started',
        'agent-runtime.runs.step-executed',
        'agent-runtime.runs.human-requested',
        'hitl.requests.opened',
        'hitl.requests.assigned',
        'hitl.requests.decided',
        'agent-runtime.runs.resumed',
        'agent-runtime.runs.completed',
      ]),
    );
    expect((await acme.get('/v1/governance/audit/verify')).body).toMatchObject({ valid: true });
    expect((await globex.get(`/v1/governance/audit/runs/${ids.run}`)).body.data).toEqual([]);
  });

  it('has counted the runs', async () => {
    await eventually(async () => {
      const usage = await acme.get(`/v1/tenants/${ids.acme}/usage`);
      expect(usage.body).toMatchObject({ tenantId: ids.acme, runs: { assisted: 1 } });
    }, 20_000);
  });
});
