import { createHmac, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@support101/testing';
import { ApiClient } from './api-client.js';
import type { Product } from './product.js';
import { standingProduct, standsAfterCrash } from './standing-product.js';

// A helpdesk that signs its webhooks by Standard Webhooks, through the public API of the product.

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

let product: Product;
let source: { url: string; secret: string };
const tenant = { key: '' };

const ticket = JSON.stringify({ type: 'ticket.created', data: { ticket: { id: 'T-1', subject: 'No sign-in' } } });

beforeAll(async () => {
  product = await standingProduct();
  const platform = new ApiClient(product.url, product.platformKey);
  const made = await platform.post('/v1/tenants', { name: 'Acme', tier: 'professional', autoActivate: true });
  const key = await platform.post(`/v1/tenants/${made.body['tenantId']}/api-keys`, { name: 'test', roles: ['admin'] });
  tenant.key = key.body['key'] as unknown as string;
  source = await newSource();
}, 120_000);

const acme = () => new ApiClient(product.url, tenant.key);

async function newSource(): Promise<typeof source> {
  const created = await acme().post('/v1/webhook-sources', { provider: 'generic', name: 'Helpdesk' });
  expect(created.status).toBe(201);
  return created.body as unknown as typeof source;
}

function signed(id: string, body: string, { secret } = source, at = Math.floor(Date.now() / 1000)): Record<string, string> {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` };
}

async function send(headers: Record<string, string>, body: string, url = source.url): Promise<Answer> {
  const response = await fetch(new URL(url, product.url), { method: 'POST', headers, body });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function webhooksOnTheList(): Promise<readonly { readonly eventId: string }[]> {
  const { body } = await acme().get('/v1/learning/activity?type=webhook-gateway.inbound.received.v1');
  return body['data'] as unknown as readonly { readonly eventId: string }[];
}

describe('a webhook of a third party', () => {
  it('is accepted once, also after a crash, and its forgery is refused', async () => {
    const id = `msg_${randomUUID()}`;
    const headers = signed(id, ticket);

    const first = await send(headers, ticket);
    const again = await send(headers, ticket);
    product = await standsAfterCrash();
    const afterCrash = await send(signed(id, ticket), ticket);
    const forged = await send(headers, ticket.replace('T-1', 'T-2'));

    expect(first).toEqual({ status: 202, body: { status: 'accepted', eventId: expect.stringMatching(/^inb_/) } });
    expect(again).toEqual({ status: 202, body: { status: 'duplicate', eventId: first.body['eventId'] } });
    expect(afterCrash).toEqual(again);
    expect(forged).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    const stats = await acme().get('/v1/webhook-sources/stats');
    expect(stats.body).toMatchObject({ accepted: 1, duplicates: 2, configuredProviders: ['generic'] });
    // What came first is on the list; what came again or was forged would have come by the time the next one has.
    await send(signed(`msg_${randomUUID()}`, ticket), ticket);
    await eventually(async () => expect(await webhooksOnTheList()).toHaveLength(2), 20_000);
    expect(new Set((await webhooksOnTheList()).map(({ eventId }) => eventId)).size).toBe(2);
  }, 120_000);

  it('is refused in the same words, whatever is wrong with it', async () => {
    const other = await newSource();
    const deleted = await newSource();
    const sourceId = deleted.url.slice(deleted.url.lastIndexOf('/') + 1);
    expect((await acme().delete(`/v1/webhook-sources/${sourceId}`)).status).toBe(204);
    const old = Math.floor(Date.now() / 1000) - 301;

    const answers = [
      await send({}, ticket),
      await send(signed('m', ticket), `${ticket} `),
      await send(signed('m', ticket, source, old), ticket),
      await send(signed('m', ticket, other), ticket),
      await send(signed('m', ticket, deleted), ticket, deleted.url),
      await send(signed('m', ticket), ticket, source.url.replace(/.{4}$/, '0000')),
    ];

    const words = answers.map(({ status, body }) => ({ status, ...body, correlationId: 'of its own' }));
    expect(words).toEqual(answers.map(() => words[0]));
    expect(words[0]).toMatchObject({ status: 401, code: 'unauthenticated' });
  });
});
