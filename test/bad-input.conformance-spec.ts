import { createHmac, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@support101/testing';
import { type Answer, ApiClient } from './api-client.js';
import type { Product } from './product.js';
import { standingProduct } from './standing-product.js';

// What people and other systems send that cannot be right, through the public API: a named problem, nothing changed, and
// all of it on the audit.

type Entry = Readonly<Record<string, unknown>>;

let product: Product;
let platform: ApiClient;
let acme: ApiClient;
let globex: ApiClient;
const ids = { acme: '', globex: '', agent: '' };
const text = (value: unknown): string => String(value);

async function tenant(name: string): Promise<{ tenantId: string; client: ApiClient }> {
  const made = await platform.post('/v1/tenants', { name, tier: 'enterprise', autoActivate: true });
  const tenantId = text(made.body['tenantId']);
  return { tenantId, client: await keyOf(tenantId, 'admin') };
}

async function keyOf(tenantId: string, role: string): Promise<ApiClient> {
  const key = await platform.post(`/v1/tenants/${tenantId}/api-keys`, { name: role, roles: [role] });
  return new ApiClient(product.url, text(key.body['key']));
}

const execute = (query: string) => acme.post(`/v1/agents/${ids.agent}/execute`, { input: { query } });

/** A request that a run of Acme asks a person. */
async function aRequest(
  question = 'Do you deliver to Reykjavik, and how long does it take?',
): Promise<{ requestId: string; runId: string; path: string }> {
  const run = await execute(question);
  expect(run).toMatchObject({ status: 202, body: { status: 'awaiting_human' } });
  const { requestId } = run.body['awaiting'] as unknown as { requestId: string };
  return { requestId, runId: text(run.body['runId']), path: `/v1/hitl/queue/${requestId}` };
}

/** Entries of the audit that are about the resource, once there are at least as many of the action as wanted. */
function audited(client: ApiClient, action: string, resource: string, count = 1): Promise<Entry[]> {
  return eventually(async () => {
    const { body } = await client.get('/v1/governance/audit?limit=100');
    const found = body.data.filter((entry) => entry['action'] === action && entry['resource'] === resource);
    if (found.length < count) throw new Error(`${found.length} of ${count} ${action} of ${resource}`);
    return found;
  }, 20_000);
}

beforeAll(async () => {
  product = await standingProduct();
  platform = new ApiClient(product.url, product.platformKey);
  const [first, second] = [await tenant('Acme'), await tenant('Globex')];
  [acme, globex] = [first.client, second.client];
  Object.assign(ids, { acme: first.tenantId, globex: second.tenantId });
  const article = {
    title: 'Reset your password',
    content: 'Open the sign-in page, choose Forgot password, and open the link that we send you. It is valid for one hour.',
  };
  await acme.post('/v1/learning/knowledge', article);
  ids.agent = text((await acme.post('/v1/agents', { blueprint: 'support_agent', name: 'Helper' })).body['agentId']);
}, 180_000);

describe('a decision', () => {
  it.each([
    ['that is not offered', { decision: 'perhaps' }, 422, 'decision_not_offered'],
    ['with edits of another field', { decision: 'edit', edits: { reply: 'x' } }, 422, 'edits_invalid'],
    ['with edits of another type', { decision: 'edit', edits: { answer: 7 } }, 422, 'edits_invalid'],
    ['without the edits it is about', { decision: 'edit' }, 422, 'edits_invalid'],
  ])('%s is refused by name, changes nothing, and is on the audit', async (_, answer, status, code) => {
    const { path, requestId, runId } = await aRequest();
    const before = (await acme.get(path)).body;

    const refused = await acme.post(`${path}/respond`, answer);

    expect(refused).toMatchObject({ status, body: { code, correlationId: expect.any(String) } });
    expect((await acme.get(path)).body).toEqual(before);
    expect((await acme.get(`/v1/runs/${runId}`)).body).toMatchObject({ status: 'awaiting_human' });
    const [entry] = await audited(acme, 'hitl.requests.answer-refused', `request:${requestId}`);
    expect(entry).toMatchObject({
      ...{ outcome: 'refused', requestId, correlationId: refused.body['correlationId'] },
      details: { decision: answer.decision, code },
    });
  });

  it('whose edits are no object is refused at the door', async () => {
    const { path } = await aRequest();
    const before = (await acme.get(path)).body;

    const refused = await acme.post(`${path}/respond`, { decision: 'edit', edits: ['x'] });

    expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed', issues: [{ path: '/edits' }] } });
    expect((await acme.get(path)).body).toEqual(before);
    const [entry] = await audited(acme, 'gateway.requests.refused', 'operation:hitl.requests.respond.v1');
    expect(entry).toMatchObject({ outcome: 'validation_failed' });
  });

  it('given twice is taken once; the other one is refused and on the audit', async () => {
    // Of its own, because the answer becomes a golden path.
    const { path, requestId, runId } = await aRequest('Which wine goes with grilled octopus?');
    const answer = { decision: 'edit', edits: { answer: 'A dry white one.' } };

    const both = await Promise.all([acme.post(`${path}/respond`, answer), acme.post(`${path}/respond`, answer)]);
    const late = await acme.post(`${path}/respond`, { decision: 'reject' });

    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(late).toMatchObject({ status: 409, body: { code: 'request_already_decided' } });
    expect((await acme.get(path)).body).toMatchObject({ status: 'completed', decision: 'edit' });
    const entries = await audited(acme, 'hitl.requests.answer-refused', `request:${requestId}`, 2);
    expect(entries.map(({ details }) => details)).toEqual(
      ['reject', 'edit'].map((decision) => expect.objectContaining({ decision, code: 'request_already_decided' })),
    );
    expect(await audited(acme, 'hitl.requests.decided', `request:${requestId}`)).toHaveLength(1);
    await eventually(async () => {
      const run = await acme.get(`/v1/runs/${runId}`);
      expect(run.body).toMatchObject({ status: 'completed', outcome: 'assisted', output: { answer: 'A dry white one.' } });
    }, 20_000);
  });

  it('on a closed request is refused, and on the audit', async () => {
    const { path, requestId, runId } = await aRequest();
    expect((await acme.post(`/v1/runs/${runId}/cancel`)).status).toBe(200);
    await eventually(async () => expect((await acme.get(path)).body).toMatchObject({ status: 'cancelled' }), 20_000);
    const before = (await acme.get(path)).body;

    const refused = await acme.post(`${path}/respond`, { decision: 'edit', edits: { answer: 'Yes.' } });

    expect(refused).toMatchObject({ status: 409, body: { code: 'request_closed' } });
    expect((await acme.get(path)).body).toEqual(before);
    expect((await acme.get('/v1/hitl/queue')).body.data.map((item) => item['requestId'])).not.toContain(requestId);
    const [entry] = await audited(acme, 'hitl.requests.answer-refused', `request:${requestId}`);
    expect(entry).toMatchObject({ details: { code: 'request_closed' } });
  });

  it('by another tenant finds no request, and is on the audit of that tenant only', async () => {
    const { path, requestId } = await aRequest();
    const before = (await acme.get(path)).body;

    const refused = await globex.post(`${path}/respond`, { decision: 'reject' });

    expect(refused).toMatchObject({ status: 404, body: { code: 'request_not_found' } });
    expect((await acme.get(path)).body).toEqual(before);
    const [entry] = await audited(globex, 'hitl.requests.answer-refused', `request:${requestId}`);
    expect(entry).toMatchObject({ tenantId: ids.globex, details: { code: 'request_not_found' } });
    const own = await acme.get('/v1/governance/audit?limit=100');
    expect(own.body.data.filter((item) => item['resource'] === `request:${requestId}`)).not.toContainEqual(
      expect.objectContaining({ action: 'hitl.requests.answer-refused' }),
    );
  });

  it('by somebody who may only look is forbidden, and on the audit', async () => {
    const viewer = await keyOf(ids.acme, 'viewer');
    const { path } = await aRequest();
    const before = (await acme.get(path)).body;

    const refused = await viewer.post(`${path}/respond`, { decision: 'reject' });

    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await acme.get(path)).body).toEqual(before);
    // The first one is of the answer that nobody could read.
    const entries = await audited(acme, 'gateway.requests.refused', 'operation:hitl.requests.respond.v1', 2);
    expect(entries).toContainEqual(expect.objectContaining({ outcome: 'forbidden', eventType: 'security_violation' }));
  });
});

describe('a webhook', () => {
  const ticket = JSON.stringify({ type: 'ticket.created', data: { ticket: { id: 'T-1', subject: 'No sign-in' } } });

  interface Source {
    readonly sourceId: string;
    readonly url: string;
    readonly secret: string;
  }

  async function aSource(): Promise<Source> {
    const created = await acme.post('/v1/webhook-sources', { provider: 'generic', name: 'Helpdesk' });
    expect(created.status).toBe(201);
    return created.body as unknown as Source;
  }

  function signed({ secret }: Source, at = Date.now()): Record<string, string> {
    const [id, seconds] = [`msg_${randomUUID()}`, Math.floor(at / 1000)];
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signature = createHmac('sha256', key).update(`${id}.${seconds}.${ticket}`).digest('base64');
    return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` };
  }

  async function send({ url }: Source, headers: Record<string, string>, body = ticket): Promise<Pick<Answer, 'status' | 'body'>> {
    const response = await fetch(new URL(url, product.url), { method: 'POST', headers, body });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  const accepted = async () => (await acme.get('/v1/webhook-sources/stats')).body['accepted'];

  it.each([
    ['unsigned', 'signature_missing', (source: Source) => send(source, {})],
    ['altered', 'signature_invalid', (source: Source) => send(source, signed(source), `${ticket} `)],
    ['old', 'timestamp_outside_window', (source: Source) => send(source, signed(source, Date.now() - 301_000))],
    [
      'for a source that was deleted',
      'source_deleted',
      async (source: Source) => {
        expect((await acme.delete(`/v1/webhook-sources/${source.sourceId}`)).status).toBe(204);
        return send(source, signed(source));
      },
    ],
  ])('that is %s is refused, taken nowhere, and on the audit with why', async (_, reason, attempt) => {
    const source = await aSource();
    const before = await accepted();

    const refused = await attempt(source);

    expect(refused).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await accepted()).toBe(before);
    const [entry] = await audited(acme, 'webhook-gateway.inbound.refused', `webhook-source:${source.sourceId}`);
    expect(entry).toMatchObject({ eventType: 'security_violation', outcome: 'refused', details: { reason } });
  });

  it('that is replayed is taken once, and the audit has both', async () => {
    const source = await aSource();
    const headers = signed(source);

    const first = await send(source, headers);
    const again = await send(source, headers);

    expect(first).toMatchObject({ status: 202, body: { status: 'accepted' } });
    expect(again).toEqual({ status: 202, body: { status: 'duplicate', eventId: first.body['eventId'] } });
    const resource = `webhook-source:${source.sourceId}`;
    const [entry] = await audited(acme, 'webhook-gateway.inbound.repeated', resource);
    expect(entry).toMatchObject({ outcome: 'duplicate', details: { eventId: first.body['eventId'] } });
    expect(await audited(acme, 'webhook-gateway.inbound.received', resource)).toHaveLength(1);
  });
});

describe('an escalation rule', () => {
  const rule = { name: 'Large', trigger: 'high_value_customer', level: 'l3', priority: 'critical' };

  it('without its conditions is refused with where they are missing, and no policy is made', async () => {
    const refused = await acme.post('/v1/hitl/escalation-policies', { name: 'Bad', rules: [rule] });

    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', issues: [{ path: '/rules/0/conditions' }] },
    });
    expect((await acme.get('/v1/hitl/escalation-policies')).body.data).toEqual([]);
  });

  it('about a key that no step reports matches nothing and breaks no run; the policy is on the audit', async () => {
    const rules = [{ ...rule, conditions: { orderTotal: { min: 1 } } }];
    const made = await acme.post('/v1/hitl/escalation-policies', { name: 'Orders', rules });
    expect(made.status).toBe(201);
    // The runtime remembers the rules before for a few seconds.
    await new Promise((resolve) => setTimeout(resolve, 5_500));

    const run = await execute('How do I reset my password?');

    expect(run).toMatchObject({ status: 200, body: { status: 'completed', outcome: 'resolved' } });
    const resource = `escalation-policy:${text(made.body['policyId'])}`;
    const [entry] = await audited(acme, 'hitl.escalation-policies.created', resource);
    expect(entry).toMatchObject({ outcome: 'success', details: { rules: ['Large'] } });
  });
});

describe('what a reviewer and the platform may', () => {
  it('is for a reviewer to put a question to a person', async () => {
    const reviewer = await keyOf(ids.acme, 'reviewer');

    const escalated = await reviewer.post('/v1/hitl/escalate', { agentId: ids.agent, reason: 'It says odd things.' });

    expect(escalated).toMatchObject({
      status: 201,
      body: { type: 'escalation', question: expect.stringContaining('odd things') },
    });
    expect((await reviewer.post('/v1/hitl/escalation-policies', { name: 'Mine', rules: [] })).status).toBe(403);
  });

  it('is for the platform to see dead letters, of which all of this has made none, and for nobody else', async () => {
    const services = ['tenancy', 'agent-runtime', 'governance', 'hitl', 'learning', 'webhook-gateway'];

    const lists = await Promise.all(services.map((service) => platform.get(`/v1/dead-letters/${service}`)));

    expect(lists.map(({ status, body }) => [status, body])).toEqual(services.map(() => [200, { data: [], nextCursor: null }]));
    expect(await acme.get('/v1/dead-letters/hitl')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await acme.get('/v1/governance/audit/verify')).body).toMatchObject({ valid: true });
  });
});
