import { createHmac } from 'node:crypto';
import type { WebhookProvider } from '@support101/contracts/webhook-gateway';

/** A request of a third party: its exact body, and its headers. */
export interface Sent {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** How a sender may differ from a good one. */
export interface Sending {
  readonly at: Date;
  readonly id?: string;
}

/** Signs as each provider does; written from their documents, apart from what checks it. */
export const sign: Readonly<Record<WebhookProvider, (secret: string, body: string, sending: Sending) => Sent>> = {
  generic(secret, body, { at, id = 'msg_1' }) {
    const timestamp = String(Math.floor(at.getTime() / 1000));
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const signature = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    return { body, headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } };
  },

  slack(secret, body, { at }) {
    const timestamp = String(Math.floor(at.getTime() / 1000));
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
    return { body, headers: { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature } };
  },

  zendesk(secret, body, { at, id = 'inv_1' }) {
    const timestamp = at.toISOString();
    const headers = {
      'x-zendesk-webhook-signature': createHmac('sha256', secret)
        .update(timestamp + body)
        .digest('base64'),
      'x-zendesk-webhook-signature-timestamp': timestamp,
      'x-zendesk-webhook-invocation-id': id,
    };
    return { body, headers };
  },

  jira(secret, body, { id = 'jira_1' }) {
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    return { body, headers: { 'x-hub-signature': signature, 'x-atlassian-webhook-identifier': id } };
  },
};
