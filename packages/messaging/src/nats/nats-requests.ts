import { JetStreamApiError, type ApiError } from '@nats-io/jetstream';
import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { DomainError } from '@support101/contracts';
import { checkSize, type WireMessage } from '../transport.js';
import { fromNats, toNats } from './nats-messages.js';

/** On a reply: the server's side failed before it could say how. */
export const failureHeader = 's101-transport-failure';

/** How long a stream may take, in milliseconds: who publishes has an outbox to try again from. */
const storeWithinMs = 5_000;

interface Waiting {
  readonly subject: string;
  settle(): void;
  resolve(reply: WireMessage): void;
  reject(error: unknown): void;
}

/**
 * Asks over NATS' request/reply, with one subscription for all replies. The client's own `request` makes two or three
 * errors with their stacks for each message, also for those that are answered: a sixth of what a request costs.
 */
export class NatsRequests {
  readonly #inbox = createInbox();
  readonly #waiting = new Map<string, Waiting>();
  #last = 0;

  constructor(private readonly nc: NatsConnection) {
    nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(message);
        else this.#failAll(error);
      },
    });
    void nc.closed().then((error) => this.#failAll(error));
  }

  /** The reply; rejects with `service_unavailable`, `deadline_exceeded`, or the signal's reason. */
  async ask(
    subject: string,
    message: WireMessage,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<WireMessage> {
    checkSize(message.body);
    signal?.throwIfAborted();
    const token = (this.#last += 1).toString(36);
    const reply = await new Promise<WireMessage>((resolve, reject) => {
      const aborted = () => this.#take(token)?.reject(signal?.reason);
      const late = () => this.#take(token)?.reject(new DomainError('deadline_exceeded'));
      const timer = setTimeout(late, Math.max(1, Math.ceil(timeoutMs)));
      signal?.addEventListener('abort', aborted);
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      this.#waiting.set(token, { subject, settle, resolve, reject });
      this.#send(subject, message, token);
    });
    if (reply.headers[failureHeader] !== undefined) throw new DomainError('internal');
    return reply;
  }

  /**
   * Has a message stored by the stream of its subject and gives its sequence there; rejects as `ask` does, and with the
   * server's error. JetStream's client would ask by the client's own `request`.
   */
  async store(subject: string, message: WireMessage): Promise<number> {
    const reply = await this.ask(subject, message, { timeoutMs: storeWithinMs });
    const { seq, error } = JSON.parse(reply.body) as { readonly seq: number; readonly error?: ApiError };
    if (error !== undefined) throw new JetStreamApiError(error);
    return seq;
  }

  #send(subject: string, { body, headers }: WireMessage, token: string): void {
    try {
      this.nc.publish(subject, body, { reply: `${this.#inbox}.${token}`, headers: toNats(headers) });
    } catch (error) {
      this.#take(token)?.reject(notSent(error));
    }
  }

  #answered(message: Msg): void {
    // An answer that nobody waits for any more is left out.
    const waiting = this.#take(message.subject.slice(this.#inbox.length + 1));
    if (waiting === undefined) return;
    const nobody = message.data.length === 0 && message.headers?.code === 503;
    if (nobody) waiting.reject(new DomainError('service_unavailable', `Nobody answers ${waiting.subject}.`));
    else waiting.resolve(fromNats(message));
  }

  #failAll(error: unknown): void {
    for (const token of [...this.#waiting.keys()]) this.#take(token)?.reject(notSent(error));
  }

  #take(token: string): Waiting | undefined {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    waiting?.settle();
    return waiting;
  }
}

function notSent(cause: unknown): DomainError {
  return new DomainError('service_unavailable', 'The message could not be sent.', { cause });
}
