import type { InboundTicket, WebhookProvider } from '@support101/contracts/webhook-gateway';
import type { Headers } from './inbound-signature.rules.js';

/** What a verified delivery says, as far as we understand it. */
export interface Delivery {
  /** `<provider>.<what happened>`. */
  readonly type: string;
  /** The provider's id of this delivery, the same when it is sent again. */
  readonly deliveryId: string | undefined;
  readonly externalId: string | undefined;
  readonly ticket: InboundTicket | undefined;
  /** Slack asks whether the address is ours; this is to be sent back. */
  readonly challenge: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;
type Found = Partial<Omit<Delivery, 'type'>> & { readonly happened?: string | undefined };

const longestText = 2_000;
const longestId = 200;

/**
 * Reads a body whose signature is right. A shape that is not known is no error: it has a type and nothing else.
 * Bodies come from strangers all the same: every text is cut and made storable.
 */
export function readDelivery(provider: WebhookProvider, headers: Headers, body: string): Delivery {
  const found = readers[provider](parsed(body), headers);
  const { happened, ticket } = found;
  return {
    type: `${provider}.${happened !== undefined && /^[\w.:/-]{1,100}$/.test(happened) ? happened : 'unknown'}`,
    deliveryId: found.deliveryId,
    externalId: found.externalId ?? ticket?.id,
    ticket,
    challenge: found.challenge,
  };
}

const readers: Readonly<Record<WebhookProvider, (body: Json, headers: Headers) => Found>> = {
  /** An event of Zendesk's own, or the free JSON of a trigger. */
  zendesk(body, headers) {
    const isEvent = str(body['type'])?.startsWith('zen:event-type:') === true;
    const about = isEvent ? obj(body['detail']) : 'ticket' in body ? obj(body['ticket']) : body;
    const invocation = identifier(headers['x-zendesk-webhook-invocation-id']);
    return {
      happened: isEvent ? str(body['type'])?.slice('zen:event-type:'.length) : (str(body['event_type']) ?? str(body['type'])),
      deliveryId: isEvent ? (identifier(body['id']) ?? invocation) : invocation,
      ticket: ticketOf(about, identifier(about['id']) ?? identifier(about['ticket_id']), isEvent ? 'zen' : ''),
    };
  },

  /** An event, a slash command, or an interaction. */
  slack(body) {
    const type = str(body['type']);
    if (type === 'url_verification') return { happened: type, challenge: challengeOf(body['challenge']) };
    const event = obj(body['event']);
    if (str(body['command']) !== undefined) return { happened: 'command', deliveryId: identifier(body['trigger_id']) };
    if (type !== 'event_callback') return { happened: type, deliveryId: identifier(body['trigger_id']) };
    const [channel, thread] = [identifier(event['channel']), identifier(event['thread_ts']) ?? identifier(event['ts'])];
    const isMessage = event['type'] === 'message' || event['type'] === 'app_mention';
    const id = isMessage && channel !== undefined && thread !== undefined ? `${channel}:${thread}` : undefined;
    return {
      happened: str(event['type']),
      deliveryId: identifier(body['event_id']),
      ticket: ticketOf({ description: event['text'], requester_id: event['user'] }, id),
    };
  },

  jira(body, headers) {
    const issue = obj(body['issue']);
    const fields = obj(issue['fields']);
    const [reporter, creator] = [obj(fields['reporter']), obj(fields['creator'])];
    return {
      happened: str(body['webhookEvent'])?.replace(/^jira:/, ''),
      deliveryId: identifier(headers['x-atlassian-webhook-identifier']),
      ticket: ticketOf(
        {
          subject: fields['summary'],
          description: fields['description'],
          status: obj(fields['status'])['name'],
          priority: obj(fields['priority'])['name'],
          requester_id: reporter['accountId'] ?? reporter['name'] ?? creator['accountId'],
        },
        identifier(issue['key']),
      ),
    };
  },

  /** Standard Webhooks: `{ type, timestamp, data }`; the id is among what was signed. */
  generic(body, headers) {
    const data = obj(body['data']);
    const about = 'ticket' in data ? obj(data['ticket']) : data;
    const id = identifier(about['id']) ?? identifier(about['ticketId']) ?? identifier(about['ticket_id']);
    const isTicket = 'ticket' in data || str(about['subject']) !== undefined || str(about['description']) !== undefined;
    return {
      happened: str(body['type']) ?? str(body['event_type']),
      deliveryId: identifier(headers['webhook-id']),
      externalId: id ?? identifier(body['external_id']),
      ticket: isTicket ? ticketOf(about, id) : undefined,
    };
  },
};

/** The body as an object: JSON, or the form that Slack sends commands and interactions in. */
function parsed(body: string): Json {
  try {
    return obj(JSON.parse(body));
  } catch {
    const form = new URLSearchParams(body);
    const payload = form.get('payload');
    return payload === null ? Object.fromEntries(form) : jsonOf(payload);
  }
}

function jsonOf(text: string): Json {
  try {
    return obj(JSON.parse(text));
  } catch {
    return {};
  }
}

function ticketOf(from: Json, id: string | undefined, style = ''): InboundTicket | undefined {
  if (id === undefined) return undefined;
  // Zendesk's events shout: OPEN, HIGH.
  const word = (value: unknown) => (style === 'zen' ? cut(value)?.toLowerCase() : cut(value));
  const fields = {
    subject: cut(from['subject']),
    description: cut(from['description']),
    status: word(from['status']),
    priority: word(from['priority']),
    requesterId: identifier(from['requester_id']) ?? identifier(from['requesterId']),
  };
  return { id, ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) };
}

function obj(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function str(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function cut(value: unknown): string | undefined {
  return str(value)?.slice(0, longestText).toWellFormed().replaceAll('\u0000', '\ufffd');
}

/** Ids are texts or numbers. One that is too long to be one is none: cut, two of them could become the same. */
function identifier(value: unknown): string | undefined {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : str(value);
  return text !== undefined && text.length <= longestId && text.isWellFormed() && !/\p{Cc}/u.test(text) ? text : undefined;
}

/** Sent back as JSON, and only what looks like a challenge: nothing long, nothing with markup. */
function challengeOf(value: unknown): string | undefined {
  const text = str(value);
  return text !== undefined && /^[\w.=+/-]{1,500}$/.test(text) ? text : undefined;
}
