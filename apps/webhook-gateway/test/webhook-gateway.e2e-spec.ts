import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/webhook-gateway';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { adminOf } from '@support101/service-testing';
import { eventually } from '@support101/testing';
import { InboundRefusalsService } from '../src/inbound/inbound-refusals.service.js';
import { InboundService, keptMs } from '../src/inbound/inbound.service.js';
import { LoneWebhookGateway } from './lone-webhook-gateway.js';
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
  return (await lone.told(contract.webhookRefused, tenantId)).map(({ data }) => data);
}

describe('a signed webhook', () => {
  it.each(providers)('of %s is accepted once, and its redelivery is a duplicate', async (provider) => {
    const source = await sourceOf(provider);
    const sent = signed(source);

    const first = await lone.send(source, sent);
    const again = await lone.send(source, sent);
    const onceMore = await lone.send(source, sent);

    expect(first).toEqual({ status: 'accepted', eventId: expect.stringMatching(/^inb_/) });
    expect([again, onceMore]).toEqual([1, 2].map(() => ({ status: 'duplicate', eventId: first.eventId })));
    await lone.event(contract.webhookRepeated, source.tenantId);
    expect(lone.eventsOf(contract.webhookRepeated, source.tenantId)).toMatchObject([
      { outcome: 'duplicate', data: { eventId: first.eventId, sourceId: source.sourceId, provider } },
    ]);
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

describe('a delivery', () => {
  it('is known by its id, also with another body and a new time; the first body stays', async () => {
    const source = await sourceOf();
    const first = await lone.send(source, signed(source, '{"n":1}'));
    await lone.clock.advance(600_000);

    const again = await lone.send(source, signed(source, '{"n":2}'));

    expect(again).toEqual({ status: 'duplicate', eventId: first.eventId });
    const rows = await lone.rows<{ body: Buffer }>('select body from inbound where source_id = $1', [source.sourceId]);
    expect(rows.map(({ body }) => body.toString())).toEqual(['{"n":1}']);
  });

  it.each(['jira', 'zendesk'] as const)(
    'captured from %s is not taken again under a new id, which is not signed',
    async (provider) => {
      const source = await sourceOf(provider);
      const sent = signed(source);
      const first = await lone.send(source, sent);
      const [idHeader = ''] = Object.keys(sent.headers).filter((name) => /identifier|invocation/.test(name));

      const replayed = await lone.send(source, { ...sent, headers: { ...sent.headers, [idHeader]: 'another' } });
      const { [idHeader]: _, ...without } = sent.headers;
      const unnamed = await lone.send(source, { ...sent, headers: without });

      expect([replayed, unnamed]).toEqual([1, 2].map(() => ({ status: 'duplicate', eventId: first.eventId })));
    },
  );

  it('of one source is none of another, also of the same tenant', async () => {
    const one = await sourceOf();
    const other = await sourceOf('generic', one.tenantId);

    const answers = [await lone.send(one, signed(one)), await lone.send(other, signed(other))];

    expect(answers.map(({ status }) => status)).toEqual(['accepted', 'accepted']);
    await expect(lone.send(other, signed(one))).rejects.toEqual(code('unauthenticated'));
  });

  it('is remembered over a restart', async () => {
    const source = await sourceOf();
    const first = await lone.send(source, signed(source));

    await lone.restart();

    expect(await lone.send(source, signed(source))).toEqual({ status: 'duplicate', eventId: first.eventId });
  });

  it('is kept for 35 days', async () => {
    const source = await sourceOf('jira');
    await lone.send(source, signed(source));
    const kept = () => lone.rows('select 1 from inbound where source_id = $1', [source.sourceId]);

    await lone.received(source.sourceId, keptMs);
    await lone.provider(InboundService).removeOld();
    const before = await kept();
    await lone.received(source.sourceId, keptMs + 1);
    await lone.provider(InboundService).removeOld();

    expect([before.length, (await kept()).length]).toEqual([1, 0]);
  });

  it('that asks Slack’s question is answered with it and is no event, signed as any other', async () => {
    const source = await sourceOf('slack');
    const question = signed(source, '{"type":"url_verification","challenge":"abc123","token":"x"}');

    expect(await lone.send(source, question)).toEqual({ status: 'challenge', challenge: 'abc123' });
    await expect(lone.send(source, { ...question, headers: {} })).rejects.toEqual(code('unauthenticated'));
    expect(await lone.rows('select 1 from inbound where source_id = $1', [source.sourceId])).toEqual([]);
  });
});

describe('a webhook that is refused', () => {
  it('is refused in the same words whatever is wrong, and its tenant is told why', async () => {
    const source = await sourceOf();
    const deleted = await sourceOf('generic', source.tenantId);
    await lone.ask(contract.deleteWebhookSource, { sourceId: deleted.sourceId }, adminOf(source.tenantId));
    const disabled = await sourceOf();
    await lone.ask(contract.updateWebhookSource, { sourceId: disabled.sourceId, enabled: false }, adminOf(disabled.tenantId));
    const stranger = { provider: 'generic', sourceId: newId('src') } as const;
    const good = signed(source);

    const outcomes = await Promise.allSettled([
      lone.send(source, { ...good, headers: {} }),
      lone.send(source, { ...good, body: `${good.body} ` }),
      lone.send({ ...source, provider: 'jira' }, good),
      lone.send(deleted, signed(deleted)),
      lone.send(disabled, signed(disabled)),
      lone.send(stranger, good),
    ]);

    const words = outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : 'taken'));
    expect(new Set(words)).toEqual(new Set(['DomainError: unauthenticated: Credentials are missing or not valid']));
    expect(await refusals(disabled.tenantId)).toMatchObject([
      { sourceId: disabled.sourceId, reason: 'source_disabled', count: 1 },
    ]);
    await eventually(async () => {
      const told = (await refusals(source.tenantId)).map(({ sourceId, reason }) => `${sourceId} ${reason}`);
      expect(told).toEqual(
        expect.arrayContaining([`${source.sourceId} signature_missing`, `${deleted.sourceId} source_deleted`]),
      );
    });
  });

  it('is told once a minute and source, with how many there were', async () => {
    const source = await sourceOf();
    const forged = { ...signed(source), body: 'forged' };

    await Promise.allSettled(Array.from({ length: 40 }, () => lone.send(source, forged)));

    await eventually(async () => {
      expect((await refusals(source.tenantId)).map(({ count }) => count)).toEqual([1, 39]);
    });
    const [event] = lone.eventsOf(contract.webhookRefused, source.tenantId);
    expect(event).toMatchObject({ outcome: 'refused', data: { reason: 'signature_invalid', provider: 'generic' } });
  });

  it('leaves nothing behind but that', async () => {
    const source = await sourceOf();
    const before = await lone.rows('select 1 from inbound');

    await expect(lone.send(source, { ...signed(source), body: '{' })).rejects.toEqual(code('unauthenticated'));

    expect(await lone.rows('select 1 from inbound')).toHaveLength(before.length);
  });
});

describe('a source', () => {
  it('has an address and a secret that is shown once, and told of without it', async () => {
    const tenantId = newId('ten');
    const caller = { ...adminOf(tenantId), idempotencyKey: 'make-it' };

    const made = await lone.ask(contract.createWebhookSource, { provider: 'generic', name: 'Desk' }, caller);
    const again = await lone.askForReply(contract.createWebhookSource, { provider: 'generic', name: 'Desk' }, caller);

    expect(made).toMatchObject({
      url: `https://support.example/v1/webhooks/generic/${made.sourceId}`,
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      enabled: true,
      previousSecretUntil: null,
    });
    const { secret = '', ...shown } = made;
    expect(again).toMatchObject({ output: shown, headers: { 'idempotency-replayed': 'true' } });
    expect(again.output).not.toHaveProperty('secret');
    expect((await lone.ask(contract.listWebhookSources, {}, adminOf(tenantId))).data).toEqual([shown]);
    expect((await lone.event(contract.webhookSourceCreated, tenantId)).data).toEqual({
      sourceId: made.sourceId,
      provider: 'generic',
      name: 'Desk',
    });
    const kept = await lone.rows<{ text: string }>(
      `select to_jsonb(s)::text as text from sources s where tenant_id = $1
       union all select to_jsonb(o)::text from outbox o where tenant_id = $1
       union all select to_jsonb(i)::text from idempotency_keys i where tenant_id = $1`,
      [tenantId],
    );
    expect(kept.length).toBeGreaterThanOrEqual(3);
    // A column of bytes reads as hex here.
    const readable = [
      secret.slice(6),
      Buffer.from(secret).toString('hex'),
      Buffer.from(secret.slice(6), 'base64').toString('hex'),
    ];
    expect(kept.filter(({ text }) => readable.some((form) => text.includes(form)))).toEqual([]);
  });

  it('takes the secret that a provider issues, now or later', async () => {
    const tenantId = newId('ten');
    const [first, second] = ['first secret of slack', 'second secret of slack'];
    const made = await lone.ask(
      contract.createWebhookSource,
      { provider: 'slack', name: 'Team', secret: first },
      adminOf(tenantId),
    );
    const source = { ...made, tenantId, secret: first };
    const accepted = async (secret: string, text: string) =>
      (await lone.send(source, signed({ ...source, secret }, text))).status;

    expect(await accepted(first, '{"a":1}')).toBe('accepted');
    const change = { sourceId: made.sourceId, secret: second, graceSeconds: 60 };
    const changed = await lone.ask(contract.updateWebhookSource, change, adminOf(tenantId));
    expect(await accepted(second, '{"a":2}')).toBe('accepted');
    expect(await accepted(first, '{"a":3}')).toBe('accepted');
    await lone.clock.advance(60_000);
    await expect(accepted(first, '{"a":4}')).rejects.toEqual(code('unauthenticated'));
    expect(await accepted(second, '{"a":5}')).toBe('accepted');
    expect(changed).toMatchObject({ secret: second, version: 2, previousSecretUntil: expect.any(String) });
    expect((await lone.event(contract.webhookSourceUpdated, tenantId)).data).toMatchObject({ changed: ['secret'] });
  });

  it('gets a new secret at once, without grace, when the old one has leaked', async () => {
    const source = await sourceOf();

    const rotated = await lone.ask(
      contract.updateWebhookSource,
      { sourceId: source.sourceId, rotateSecret: true, graceSeconds: 0 },
      adminOf(source.tenantId),
    );

    await expect(lone.send(source, signed(source))).rejects.toEqual(code('unauthenticated'));
    const answer = await lone.send(source, signed({ ...source, secret: rotated.secret ?? '' }));
    expect(answer.status).toBe('accepted');
  });

  it('is not made or changed with a secret that nothing can be signed with', async () => {
    const source = await sourceOf();
    const caller = adminOf(source.tenantId);
    const secret = 'not a standard secret';

    const made = lone.ask(contract.createWebhookSource, { provider: 'generic', name: 'x', secret }, caller);
    const changed = lone.ask(contract.updateWebhookSource, { sourceId: source.sourceId, secret }, caller);

    await expect(made).rejects.toEqual(code('validation_failed'));
    await expect(changed).rejects.toEqual(code('validation_failed'));
  });

  it('is changed as it was read, or not at all', async () => {
    const { sourceId, tenantId, version } = await sourceOf();
    const caller = adminOf(tenantId);

    const renamed = await lone.ask(contract.updateWebhookSource, { sourceId, name: 'Shop', expectedVersion: version }, caller);
    const unchanged = await lone.ask(contract.updateWebhookSource, { sourceId, name: 'Shop' }, caller);

    expect(renamed).toMatchObject({ name: 'Shop', version: 2 });
    expect(renamed).not.toHaveProperty('secret');
    expect(unchanged).toEqual(renamed);
    const stale = lone.ask(contract.updateWebhookSource, { sourceId, name: 'x', expectedVersion: version }, caller);
    await expect(stale).rejects.toEqual(code('version_mismatch'));
  });

  it('of another tenant, or deleted, is not there', async () => {
    const { sourceId, tenantId } = await sourceOf();
    const [own, other] = [adminOf(tenantId), adminOf(newId('ten'))];
    const missing = code('webhook_source_not_found');

    await expect(lone.ask(contract.updateWebhookSource, { sourceId, name: 'x' }, other)).rejects.toEqual(missing);
    await expect(lone.ask(contract.deleteWebhookSource, { sourceId }, other)).rejects.toEqual(missing);
    expect((await lone.ask(contract.listWebhookSources, {}, other)).data).toEqual([]);
    await lone.ask(contract.deleteWebhookSource, { sourceId }, own);
    await expect(lone.ask(contract.deleteWebhookSource, { sourceId }, own)).rejects.toEqual(missing);
    await expect(lone.ask(contract.updateWebhookSource, { sourceId, enabled: true }, own)).rejects.toEqual(missing);
    expect((await lone.ask(contract.listWebhookSources, {}, own)).data).toEqual([]);
    expect((await lone.event(contract.webhookSourceDeleted, tenantId)).data).toMatchObject({ sourceId });
    expect(await lone.rows('select 1 from sources where source_id = $1 and sealed_secret is not null', [sourceId])).toEqual([]);
  });

  it('is one of at most a hundred, also when many are asked for at once', async () => {
    const tenantId = newId('ten');

    const outcomes = await Promise.allSettled(Array.from({ length: 105 }, () => sourceOf('generic', tenantId)));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
    await expect(sourceOf('generic', tenantId)).rejects.toEqual(code('limit_exceeded'));
  });

  it('is listed newest first, page by page, by provider', async () => {
    const tenantId = newId('ten');
    const made: string[] = [];
    for (const provider of ['jira', 'slack', 'jira'] as const) {
      made.unshift((await sourceOf(provider, tenantId)).sourceId);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }
    const list = (input: object) => lone.ask(contract.listWebhookSources, input, adminOf(tenantId));

    const first = await list({ limit: 2 });
    const second = await list({ limit: 2, cursor: first.nextCursor ?? '' });

    expect([...first.data, ...second.data].map(({ sourceId }) => sourceId)).toEqual(made);
    expect(second.nextCursor).toBeNull();
    expect((await list({ provider: 'slack' })).data.map(({ sourceId }) => sourceId)).toEqual([made[1]]);
    await expect(list({ cursor: 'bm9wZQ' })).rejects.toEqual(code('cursor_invalid'));
  });

  it('has its numbers of the last day', async () => {
    const source = await sourceOf('jira');
    const quiet = await sourceOf('slack', source.tenantId);
    await lone.send(source, signed(source, '{"n":1}', 'a'));
    await lone.received(source.sourceId, 25 * 60 * 60 * 1000);
    await lone.send(source, signed(source, '{"n":2}', 'b'));
    await lone.send(source, signed(source, '{"n":2}', 'b'));

    const stats = await lone.ask(contract.webhookSourceStats, {}, adminOf(source.tenantId));

    expect(stats).toMatchObject({ configuredProviders: ['slack', 'jira'], accepted: 1, duplicates: 1 });
    expect(stats.sources).toEqual([
      expect.objectContaining({ sourceId: quiet.sourceId, accepted: 0, lastReceivedAt: null }),
      expect.objectContaining({
        sourceId: source.sourceId,
        accepted: 1,
        duplicates: 1,
        lastReceivedAt: lone.clock.now().toISOString(),
      }),
    ]);
  });

  it('goes with its tenant, and all that came over it', async () => {
    const source = await sourceOf();
    const other = await sourceOf();
    await lone.send(source, signed(source));
    await lone.send(other, signed(other));

    await lone.publish(tenantDeleted, source.tenantId, { tenantId: source.tenantId, force: true });

    const rows = (tenantId: TenantId) =>
      lone.rows('select 1 from sources where tenant_id = $1 union all select 1 from inbound where tenant_id = $1', [tenantId]);
    await eventually(async () => expect(await rows(source.tenantId)).toEqual([]));
    expect(await rows(other.tenantId)).toHaveLength(2);
    await expect(lone.send(source, signed(source))).rejects.toEqual(code('unauthenticated'));
  });
});

// The last test of the file: it looks back at what the others have asked.
describe('the tests above', () => {
  it('have seen every contract answered and every declared error', () => {
    expect(lone.unseen()).toEqual([]);
  });
});
