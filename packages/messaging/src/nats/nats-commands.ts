import type { Msg } from '@nats-io/transport-node';
import type { MessagingLog } from '../messaging-log.js';
import type { NatsLink } from './nats-link.js';
import { fromNats, toNats } from './nats-messages.js';
import { failureHeader } from './nats-requests.js';
import { settleWithin, systemTime } from '@support101/time';
import { checkSize, drainMs, type Subscription, type WireMessage } from '../transport.js';

type Handler = (message: WireMessage) => Promise<WireMessage>;

/** Answers a subject in a queue group. */
export function serve(
  link: NatsLink,
  subject: string,
  { group, handler, log }: { readonly group: string; readonly handler: Handler; readonly log: MessagingLog },
): Subscription {
  const running = new Set<Promise<void>>();
  const subscription = link.nc.subscribe(subject, {
    queue: group,
    callback: (error, message) => {
      if (error !== null) return log.warn({ subject, error }, 'a subscription to commands failed');
      const answering = answer(message, handler, log).finally(() => running.delete(answering));
      running.add(answering);
    },
  });
  return {
    close: async () => {
      // What the server has sent already is answered; with the connection lost there is nothing to wait for.
      if (link.up) await settleWithin(systemTime, drainMs, [subscription.drain()]);
      else subscription.unsubscribe();
      await settleWithin(systemTime, drainMs, running);
    },
  };
}

async function answer(message: Msg, handler: Handler, log: MessagingLog): Promise<void> {
  try {
    const reply = await handler(fromNats(message));
    checkSize(reply.body);
    message.respond(reply.body, { headers: toNats(reply.headers) });
  } catch (error) {
    log.error({ subject: message.subject, error }, 'a command could not be answered');
    message.respond('', { headers: toNats({ [failureHeader]: '1' }) });
  }
}
