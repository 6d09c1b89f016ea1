import { errors, headers as natsHeaders, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { DomainError } from '@support101/contracts';
import type { MessagingLog } from '../messaging-log.js';
import type { NatsLink } from './nats-link.js';
import { settleWithin, systemTime } from '../time.js';
import { checkSize, drainMs, type Subscription, type WireMessage } from '../transport.js';

type Handler = (message: WireMessage) => Promise<WireMessage>;

/** On a reply: the server's side failed before it could say how. */
const failureHeader = 's101-transport-failure';

/** Asks over NATS' request/reply. */
export async function request(
  nc: NatsConnection,
  subject: string,
  message: WireMessage,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<WireMessage> {
  checkSize(message.body);
  options.signal?.throwIfAborted();
  const asked = nc
    .request(subject, message.body, { timeout: Math.max(1, Math.ceil(options.timeoutMs)), headers: toNats(message.headers) })
    .then(fromNats, (error: unknown) => {
      throw toDomainError(error, subject);
    });
  const reply = await untilAborted(asked, options.signal);
  if (reply.headers[failureHeader] !== undefined) throw new DomainError('internal');
  return reply;
}

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

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What a failed request means to the caller. */
function toDomainError(error: unknown, subject: string): unknown {
  if (error instanceof errors.TimeoutError || (error instanceof Error && error.cause instanceof errors.TimeoutError)) {
    return new DomainError('deadline_exceeded', undefined, { cause: error });
  }
  if (error instanceof errors.RequestError && error.isNoResponders()) {
    return new DomainError('service_unavailable', `Nobody answers ${subject}.`, { cause: error });
  }
  return new DomainError('service_unavailable', 'The message could not be sent.', { cause: error });
}

function toNats(values: Readonly<Record<string, string>>): MsgHdrs {
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
  return headers;
}

function fromNats(message: Msg): WireMessage {
  const headers: Record<string, string> = {};
  for (const [name, values] of message.headers ?? []) headers[name] = values[0] ?? '';
  return { body: message.string(), headers };
}
