import { DomainError, type StreamContract, type TenantCaller } from '@support101/contracts';
import type { LiveFact } from '@support101/contracts/gateway';
import type { Subscription } from '@support101/messaging';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { presentedBy, routerPath, type Door } from './contract-route.js';
import { InputReader, type RequestParts } from './input-reader.js';

/** One connection that facts are sent to. */
export interface FactListener {
  /** Gives a fact; false when the listener does not keep up and is to be let go. */
  send(fact: LiveFact): boolean;
  /** Nothing more will come. */
  end(): void;
}

/** Who listens, and from where on. */
export interface StreamWish {
  readonly caller: TenantCaller;
  /** The last item that was received before. */
  readonly lastId: string | undefined;
  readonly listener: FactListener;
}

/** Who is let in, what an item looks like on the wire, and where items come from. */
export interface StreamDoor extends Pick<Door, 'admit'> {
  /** Rejects with what would refuse a caller that was admitted before; how often it asks does not matter. */
  confirm: (...admitted: Parameters<Door['admit']>) => Promise<void>;
  frameOf(fact: LiveFact): string;
  /** Between two signs of life, in milliseconds: they keep proxies from closing, and a key that was revoked is noticed. */
  readonly heartbeatMs: number;
  /** Begins to give facts to a listener; rejects with what refuses it. */
  open(contract: StreamContract, input: Record<string, unknown>, wish: StreamWish): Promise<Subscription>;
}

/** A listener that leaves more than this unread, in bytes, is let go: it can resume from the last item it got. */
const mostUnread = 1_048_576;

/** Serves every stream. */
export function serveStreams(server: FastifyInstance, streams: readonly StreamContract[], door: StreamDoor): void {
  for (const contract of streams) serveStream(server, contract, door);
}

/** Serves one stream as server-sent events: admit, read, then write until one side ends. */
function serveStream(server: FastifyInstance, contract: StreamContract, door: StreamDoor): void {
  const reader = new InputReader(contract);
  const open = new Set<Connection>();
  // A stream never ends by itself: without this, closing would wait for its clients.
  server.addHook('preClose', (done) => {
    for (const connection of open) connection.end();
    done();
  });
  server.route({
    method: contract.http.method,
    url: routerPath(contract),
    // It would open a stream that nobody reads and that never ends.
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const presented = presentedBy(request, contract);
      const { caller, headers } = await door.admit(contract.access, presented);
      void reply.headers(headers);
      if (caller.tenantId === undefined) throw new DomainError('tenant_required');
      const input = reader.read(request as unknown as RequestParts);
      const connection = new Connection(reply, (fact) => door.frameOf(fact));
      const wish = { caller: { ...caller, tenantId: caller.tenantId }, lastId: lastIdOf(request), listener: connection };
      const subscription = await door.open(contract, input, wish);
      open.add(connection);
      const isStillAdmitted = () => door.confirm(contract.access, presented);
      connection.open({ isStillAdmitted, everyMs: door.heartbeatMs }, () => {
        open.delete(connection);
        void subscription.close();
      });
      return reply;
    },
  });
}

/** What is sent before the answer has begun waits, so that a refusal can still be a problem. */
class Connection implements FactListener {
  #waiting: string[] | undefined = [];
  #ended = false;
  #onEnd: (() => void) | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly reply: FastifyReply,
    private readonly frameOf: (fact: LiveFact) => string,
  ) {}

  open({ isStillAdmitted, everyMs }: { isStillAdmitted(): Promise<void>; everyMs: number }, onEnd: () => void): void {
    const { raw } = this.reply;
    this.#onEnd = onEnd;
    raw.once('close', () => this.end());
    this.reply.hijack();
    const headers = this.reply.getHeaders() as Record<string, string>;
    raw.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    // At once: a connection that breaks among facts that were repeated would resume from further back than it came.
    raw.write(`: connected\n\n${(this.#waiting ?? []).join('')}`);
    this.#waiting = undefined;
    if (this.#ended || raw.destroyed) return this.#close();
    const beat = () =>
      isStillAdmitted().then(
        () => void raw.write(': alive\n\n'),
        () => this.end(),
      );
    this.#heartbeat = setInterval(() => void beat(), everyMs).unref();
  }

  send(fact: LiveFact): boolean {
    if (this.#ended) return false;
    const frame = this.frameOf(fact);
    if (this.#waiting !== undefined) this.#waiting.push(frame);
    else this.reply.raw.write(frame);
    return this.reply.raw.writableLength < mostUnread;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#onEnd !== undefined) this.#close();
  }

  #close(): void {
    clearInterval(this.#heartbeat);
    this.#onEnd?.();
    this.reply.raw.end();
  }
}

function lastIdOf({ headers }: FastifyRequest): string | undefined {
  const given = headers['last-event-id'];
  return typeof given === 'string' && given !== '' ? given : undefined;
}
