import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/webhook-gateway';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { eventually } from '@support101/testing';
import { InboundRefusalsService } from '../src/inbound/inbound-refusals.service.js';
import { InboundService, keptMs } from '../src/inbound/inbound.service.js';
import { adminOf, LoneWebhookGateway } from './lone-webhook-gateway.js';
import { sign } from './senders.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const ticket = JSON.stringify({ type: 'ticket.created', data: { ticket: { id: 7, subject: 'Help', description: 'It broke' } } });
const providers = contract.WebhookProvider.options;

let lone: LoneWebhookGateway;

beforeAll(async () => {
  lone = await LoneWebhookGateway.boot();
});

afterAll(async () => {
  await lone?.close();
});

type Made = contract.WebhookSourceWithSecret & { secret: string; tenantId: TenantId };

async function sourceOf(provider: contract.WebhookProvider = 'generic', tenantId = newId('ten')): Promise<Made> {
  const made = await lone.ask(contract.createWebhookSource, { provider, name: 'Desk' }, adminOf(tenantId));
  return { ...made, secret: made.secret ?? '', tenantId };
}

function signed(source: Made, body = ticket, id = 'msg_1') {
  return sign[source.provider](source.secret, body, { at: lone.clock.now(), id });
}

async function refusals(tenantId: TenantId) {
  await lone.provider(InboundRefusalsService).writeAll();
  const { data } = await lone.event(contract.webhookRefused, tenantId);
  return { last: data, all: lone.eventsOf(contract.webhookRefused, tenantId).map((event) => event.data) };
}

describe('a signed webhook', () => {
  it.each(providers)('of %s is accepted once, and its redelivery is a duplicate', async (provider) => {
    const source = await sourceOf(provider);
    const sent = signed(source);

    const first = await lone.send(source, sent);
    const again = await lone.send(source, sent);

    expect(first).toEqual({ status: 'accepted', eventId: expect.stringMatching(/^inb_/) });
    expect(again).toEqual({ status: 'duplicate', eventId: first.eventId });
    const event = await lone.event(contract.webhookReceived, source.tenantId);
    expect(event).toMatchObject({
      subject: `webhook-source:${source.sourceId}`,
      principaltype: 'service',
      principalid: `webhook-source:${source.sourceId}`,
      data: { eventId: first.eventId, sourceId: source.sourceId, provider },
    });
    expect(lone.eventsOf(contract.webhookReceived, source.tenantId)).toHaveLength(1);
  });

  it('tells in its event what it is about', async () => {
    const source = await sourceOf();

    await lone.send(source, signed(source));

    const { data } = await lone.event(contract.webhookReceived, source.tenantId);
    expect(data).toMatchObject({
      type: 'generic.ticket.created',
      deliveryId: 'msg_1',
      externalId: '7',
      ticket: { id: '7', subject: 'Help', description: 'It broke' },
      receivedAt: lone.clock.now().toISOString(),
    });
  });

  it('is kept byte by byte before it is acknowledged', async () => {
    const source = await sourceOf();
    const body = '{ "type" : "x",\r\n "n": 1e400, "s": "\\u0000\\ud800" }';

    const { eventId } = await lone.send(source, signed(source, body));

    const [row] = await lone.rows<{ body: Buffer }>('select body from inbound where inbound_id = $1', [eventId]);
    expect(Buffer.from(row?.body ?? []).toString()).toBe(body);
  });

  it('is accepted once however many copies come at the same time', async () => {
    const source = await sourceOf();
    const sent = signed(source);

    const answers = await Promise.all(Array.from({ length: 20 }, () => lone.send(source, sent)));

    expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(1);
    expect(new Set(answers.map(({ eventId }) => eventId)).size).toBe(1);
  });
});
