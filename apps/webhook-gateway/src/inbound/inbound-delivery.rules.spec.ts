import { describe, expect, it } from '@jest/globals';
import type { WebhookProvider } from '@support101/contracts/webhook-gateway';
import { readDelivery } from './inbound-delivery.rules.js';

const read = (provider: WebhookProvider, body: unknown, headers: Record<string, string> = {}) =>
  readDelivery(provider, headers, typeof body === 'string' ? body : JSON.stringify(body));
const providers = ['zendesk', 'slack', 'jira', 'generic'] as const;

describe('what Zendesk sends', () => {
  const event = {
    account_id: 22_129_848,
    detail: {
      actor_id: '8447388090494',
      assignee_id: '8447388090494',
      description: 'I cannot sign in',
      id: '5158',
      priority: 'HIGH',
      requester_id: '8447388090494',
      status: 'OPEN',
      subject: 'Sign-in',
      type: 'TASK',
    },
    event: { current: 'OPEN', previous: 'NEW' },
    id: '2b24ef10-19d8-4740-93cf-8f98ec4776c0',
    subject: 'zen:ticket:5158',
    time: '2026-01-15T10:00:00Z',
    type: 'zen:event-type:ticket.status_changed',
    zendesk_event_version: '2022-06-20',
  };

  it('an event has its own id and a ticket', () => {
    expect(read('zendesk', event, { 'x-zendesk-webhook-invocation-id': '01G' })).toEqual({
      type: 'zendesk.ticket.status_changed',
      deliveryId: '2b24ef10-19d8-4740-93cf-8f98ec4776c0',
      externalId: '5158',
      ticket: {
        id: '5158',
        subject: 'Sign-in',
        description: 'I cannot sign in',
        status: 'open',
        priority: 'high',
        requesterId: '8447388090494',
      },
      challenge: undefined,
    });
  });

  it('a trigger has the id of its invocation and the ticket in one of two places', () => {
    const headers = { 'x-zendesk-webhook-invocation-id': '01GRZ' };

    const flat = read('zendesk', { event_type: 'ticket_created', ticket_id: 35, subject: 'Help', status: 'New' }, headers);
    const nested = read('zendesk', { ticket: { id: 35, subject: 'Help', status: 'New' } }, headers);

    expect(flat).toMatchObject({ type: 'zendesk.ticket_created', deliveryId: '01GRZ', ticket: { id: '35', status: 'New' } });
    expect(nested).toMatchObject({ type: 'zendesk.unknown', externalId: '35', ticket: { subject: 'Help' } });
  });
});

describe('what Slack sends', () => {
  const message = {
    token: 'XXYYZZ',
    team_id: 'T123ABC456',
    api_app_id: 'A123ABC456',
    event: { type: 'message', channel: 'C123ABC456', user: 'U123ABC456', text: 'My order is late', ts: '1355517523.000005' },
    type: 'event_callback',
    event_id: 'Ev123ABC456',
    event_time: 1_355_517_523,
  };

  it('a message is a case named by channel and thread', () => {
    expect(read('slack', message)).toEqual({
      type: 'slack.message',
      deliveryId: 'Ev123ABC456',
      externalId: 'C123ABC456:1355517523.000005',
      ticket: { id: 'C123ABC456:1355517523.000005', description: 'My order is late', requesterId: 'U123ABC456' },
      challenge: undefined,
    });
    const reply = { ...message, event: { ...message.event, thread_ts: '1355517000.000001' } };
    expect(read('slack', reply).externalId).toBe('C123ABC456:1355517000.000001');
  });

  it('a reaction is an event without a case', () => {
    const reaction = {
      ...message,
      event: { type: 'reaction_added', user: 'U1', reaction: 'thumbsup', item: { channel: 'C1', ts: '1.2' } },
    };

    expect(read('slack', reaction)).toMatchObject({ type: 'slack.reaction_added', deliveryId: 'Ev123ABC456', ticket: undefined });
  });

  it('a retry is a delivery like any other', () => {
    expect(read('slack', message, { 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' }).deliveryId).toBe(
      'Ev123ABC456',
    );
  });

  it('commands and interactions come as forms', () => {
    const command = 'command=%2Fhelp&text=me&channel_id=C1&user_id=U1&trigger_id=13345224609.738474920.8088930838d88f008e0';
    const interaction = `payload=${encodeURIComponent(JSON.stringify({ type: 'block_actions', trigger_id: '12.34.ab' }))}`;

    expect(read('slack', command)).toMatchObject({
      type: 'slack.command',
      deliveryId: '13345224609.738474920.8088930838d88f008e0',
    });
    expect(read('slack', interaction)).toMatchObject({ type: 'slack.block_actions', deliveryId: '12.34.ab' });
  });

  it('the question whether the address is ours is to be sent back, when it looks like one', () => {
    const ask = (challenge: unknown) => read('slack', { token: 'x', type: 'url_verification', challenge });

    expect(ask('3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P')).toMatchObject({
      type: 'slack.url_verification',
      challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P',
    });
    for (const other of ['x'.repeat(1_000_000), '<script>alert(1)</script>', 'a\r\nb', '', 7, null, {}]) {
      expect(ask(other).challenge).toBeUndefined();
    }
    expect(read('generic', { type: 'url_verification', challenge: 'abc' }).challenge).toBeUndefined();
  });
});

describe('what Jira sends', () => {
  const issue = {
    id: '99291',
    key: 'JRA-20002',
    fields: {
      summary: 'I feel the need for speed',
      description: 'Make the issue nav load 10x faster',
      status: { name: 'To Do' },
      priority: { name: 'Minor' },
      reporter: { accountId: '5b10a2844c20165700ede21g' },
    },
  };

  it('an issue is a case named by its key', () => {
    expect(
      read(
        'jira',
        { timestamp: 1_525_698_237_764, webhookEvent: 'jira:issue_created', issue },
        { 'x-atlassian-webhook-identifier': 'a-1' },
      ),
    ).toEqual({
      type: 'jira.issue_created',
      deliveryId: 'a-1',
      externalId: 'JRA-20002',
      ticket: {
        id: 'JRA-20002',
        subject: 'I feel the need for speed',
        description: 'Make the issue nav load 10x faster',
        status: 'To Do',
        priority: 'Minor',
        requesterId: '5b10a2844c20165700ede21g',
      },
      challenge: undefined,
    });
  });

  it('a description that is a document, and a priority that is null, are left out', () => {
    const fields = { ...issue.fields, description: { type: 'doc', version: 1 }, priority: null };

    expect(read('jira', { webhookEvent: 'comment_created', issue: { ...issue, fields } })).toMatchObject({
      type: 'jira.comment_created',
      deliveryId: undefined,
      ticket: { id: 'JRA-20002', status: 'To Do' },
    });
  });
});

describe('what others send by Standard Webhooks', () => {
  it('has its id in a header, and a ticket where the data look like one', () => {
    const headers = { 'webhook-id': 'msg_1' };

    expect(read('generic', { type: 'ticket.created', data: { id: 9, subject: 'Help' } }, headers)).toEqual({
      type: 'generic.ticket.created',
      deliveryId: 'msg_1',
      externalId: '9',
      ticket: { id: '9', subject: 'Help' },
      challenge: undefined,
    });
    expect(read('generic', { type: 'invoice.paid', data: { id: 'in_1' } }, headers)).toMatchObject({
      externalId: 'in_1',
      ticket: undefined,
    });
    expect(read('generic', { event_type: 'x', external_id: 'e1' })).toMatchObject({ type: 'generic.x', externalId: 'e1' });
  });
});

describe.each(providers)('whatever else comes from %s', (provider) => {
  it.each([
    ['nothing', ''],
    ['no JSON', '{"a":'],
    ['null', 'null'],
    ['a list', '[1,2]'],
    ['a text', '"x"'],
    ['a number', '1e400'],
    ['another shape', '{"event":[1],"issue":"x","data":7,"detail":null,"ticket":[]}'],
    ['own names of objects', '{"__proto__":{"type":"x"},"constructor":{"prototype":{"id":1}}}'],
    ['bytes that are no text', '\ufffd\u0000'],
  ])('has a type and no more: %s', (_, body) => {
    expect(readDelivery(provider, {}, body)).toEqual({
      type: `${provider}.unknown`,
      deliveryId: undefined,
      externalId: undefined,
      ticket: undefined,
      challenge: undefined,
    });
  });

  it('is cut and made storable', () => {
    const text = `${'x'.repeat(1_999)}\ud83d\ude00${'y'.repeat(100_000)}\u0000`;
    const id = { id: 1, key: 'K-1' };
    const bodies = {
      zendesk: { type: 'zen:event-type:a', id: 'e', detail: { ...id, subject: '\u0000\ud800', description: text } },
      slack: { type: 'event_callback', event_id: 'e', event: { type: 'message', channel: 'C', ts: '1', text } },
      jira: { webhookEvent: 'a', issue: { ...id, fields: { summary: '\u0000\ud800', description: text } } },
      generic: { type: 'a', data: { ...id, subject: '\u0000\ud800', description: text } },
    };

    const { ticket } = read(provider, bodies[provider]);

    const { description = '', subject = '\ufffd\ufffd' } = ticket ?? {};
    expect(description).toHaveLength(2_000);
    expect([description.isWellFormed(), subject]).toEqual([true, '\ufffd\ufffd']);
  });

  it('has no id rather than one that was cut or cannot be kept', () => {
    for (const id of ['x'.repeat(201), 'a\u0000b', '\ud800', '', 1.5, 2 ** 60, {}, null]) {
      expect(read(provider, { id, ticket: { id }, event_id: id, issue: { key: id }, data: { id, subject: 's' } })).toMatchObject({
        deliveryId: undefined,
        externalId: undefined,
        ticket: undefined,
      });
    }
  });

  it('has no type that could be mistaken for markup or another one', () => {
    const type = '<b> x';

    expect(read(provider, { type, event_type: type, webhookEvent: type, event: { type } }).type).toBe(`${provider}.unknown`);
  });
});
