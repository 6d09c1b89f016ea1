import { DomainError } from '@support101/contracts';
import { settleWithin, type TimeSource } from '@support101/time';
import { checkSize, drainMs, type Subscription, type WireMessage } from './transport.js';

type Handler = (message: WireMessage) => Promise<WireMessage>;

interface Member {
  readonly handler: Handler;
  /** Requests being answered: what `close` waits for. */
  readonly running: Set<Promise<unknown>>;
}

interface Group {
  readonly name: string;
  readonly members: Member[];
  next: number;
}

/** Request and reply inside one process: members of a group take turns, nothing but text crosses. */
export class InProcessCommands {
  readonly #groups = new Map<string, Group>();
  #closed = false;

  constructor(private readonly time: TimeSource) {}

  serve(subject: string, groupName: string, handler: Handler): Subscription {
    if (this.#closed) throw new DomainError('service_unavailable', 'The transport is closed.');
    const group = this.#groups.get(subject) ?? { name: groupName, members: [], next: 0 };
    if (group.name !== groupName) throw new Error(`${subject} is already served by the group ${group.name}`);
    const member: Member = { handler, running: new Set() };
    group.members.push(member);
    this.#groups.set(subject, group);
    return { close: () => this.#leave(subject, group, member) };
  }

  /** Rejects at the deadline or when the caller gives up, whatever the handler does. */
  request(subject: string, message: WireMessage, options: { timeoutMs: number; signal?: AbortSignal }): Promise<WireMessage> {
    checkSize(message.body);
    options.signal?.throwIfAborted();
    const member = this.#nextMember(subject);
    // The deadline is armed before the handler starts: what the handler answers because of it is too late.
    return this.#untilGivenUp(options, () => {
      const answer = run(member, message);
      const running = answer.then(
        () => undefined,
        () => undefined,
      );
      member.running.add(running);
      void running.then(() => member.running.delete(running));
      return answer;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const members = [...this.#groups].flatMap(([subject, group]) => group.members.map((member) => ({ subject, group, member })));
    await Promise.all(members.map(({ subject, group, member }) => this.#leave(subject, group, member)));
  }

  async #untilGivenUp<T>(options: { timeoutMs: number; signal?: AbortSignal }, start: () => Promise<T>): Promise<T> {
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const cancel = this.time.schedule(options.timeoutMs, () => reject(new DomainError('deadline_exceeded')));
    const onAbort = () => reject(options.signal?.reason as Error);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([start(), givenUp]);
    } finally {
      cancel();
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  #nextMember(subject: string): Member {
    const group = this.#groups.get(subject);
    const member = group?.members[group.next % group.members.length];
    if (group === undefined || member === undefined) throw new DomainError('service_unavailable', `Nobody answers ${subject}.`);
    group.next = (group.next + 1) % group.members.length;
    return member;
  }

  async #leave(subject: string, group: Group, member: Member): Promise<void> {
    const index = group.members.indexOf(member);
    if (index >= 0) group.members.splice(index, 1);
    if (group.members.length === 0 && this.#groups.get(subject) === group) this.#groups.delete(subject);
    await settleWithin(this.time, drainMs, member.running);
  }
}

async function run(member: Member, message: WireMessage): Promise<WireMessage> {
  try {
    const reply = await member.handler({ body: message.body, headers: { ...message.headers } });
    checkSize(reply.body);
    return { body: reply.body, headers: { ...reply.headers } };
  } catch (cause) {
    throw new DomainError('internal', undefined, { cause });
  }
}
