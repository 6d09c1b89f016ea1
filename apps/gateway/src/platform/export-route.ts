import { Readable } from 'node:stream';
import { DomainError, type Rpc, type TenantCaller } from '@support101/contracts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import {
  admission,
  goneSignal,
  inTrace,
  isRoutedRpc,
  presentedBy,
  routerPath,
  unlessGone,
  type Door,
  type RoutedRpc,
} from './contract-route.js';
import { InputReader, type RequestParts } from './input-reader.js';

/** What is to be exported, and for whom. */
export interface ExportWish {
  /** `format` and the filters. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly caller: TenantCaller;
  /** Fires when nobody waits for the rest any more. */
  readonly signal: AbortSignal;
  /** Rejects when the caller would not be let in any more. */
  readonly isStillAdmitted: () => Promise<void>;
}

/** How an export ended: sent whole, broken off by us, or by the client. */
export type ExportEnd = 'success' | 'failed' | 'abandoned';

/** An export whose beginning is known. */
export interface OpenExport {
  readonly headers: Readonly<Record<string, string>>;
  /** The file, part by part; the next part is fetched when the one before has found its way. */
  readonly texts: AsyncIterable<string>;
  /** Told once, whatever came of it; `error` is why it failed. */
  ended(how: ExportEnd, error?: unknown): void;
}

/** Who is let in, and where files come from. */
export interface ExportDoor extends Pick<Door, 'admit'> {
  /** Rejects with what would refuse a caller that was admitted before; how often it asks does not matter. */
  confirm: (...admitted: Parameters<Door['admit']>) => Promise<void>;
  /** Begins an export; rejects with what refuses it. */
  open(contract: RoutedRpc, wish: ExportWish): Promise<OpenExport>;
  /** A client that takes nothing for so long is let go, in milliseconds. */
  readonly stalledMs: number;
}

/** Serves every export among the commands. */
export function serveExports(server: FastifyInstance, rpcs: readonly Rpc[], door: ExportDoor): void {
  for (const contract of rpcs.filter(isRoutedRpc)) if (contract.http.export !== undefined) serveExport(server, contract, door);
}

/** Serves one list as a file: admit, read, then send page after page as fast as the client takes them. */
function serveExport(server: FastifyInstance, contract: RoutedRpc, door: ExportDoor): void {
  const reader = new InputReader(contract);
  server.route({
    method: 'GET',
    url: routerPath(contract),
    // It would walk through all pages for nothing.
    exposeHeadRoute: false,
    onRequest: admission(contract, door),
    handler: async (request, reply) => {
      const input = reader.read(request as unknown as RequestParts);
      const { caller } = request;
      if (caller?.tenantId === undefined) throw new DomainError('tenant_required');
      const presented = presentedBy(request, contract);
      const signal = goneSignal(reply);
      const wish = { input, caller: { ...caller, tenantId: caller.tenantId }, signal };
      const isStillAdmitted = () => door.confirm(contract.access, presented);
      const opened = await unlessGone(
        signal,
        inTrace(request, () => door.open(contract, { ...wish, isStillAdmitted })),
      );
      return send(reply, opened, door.stalledMs);
    },
  });
}

/** Sends the parts, and sees to it that a file which is not whole does not look so. */
function send(reply: FastifyReply, opened: OpenExport, stalledMs: number): FastifyReply {
  const { raw } = reply;
  if (raw.destroyed) {
    opened.ended('abandoned');
    throw new DomainError('request_timeout', 'The client went away.');
  }
  const body = Readable.from(opened.texts, { objectMode: false });
  body.once('error', () => {
    // A reset, since to a client or a proxy that speaks HTTP/1.0 an ordinary end of the connection is the end of the file.
    if (raw.headersSent) raw.socket?.resetAndDestroy();
    else void reply.removeHeader('content-disposition');
  });
  raw.once('close', () => {
    if (body.errored !== null) opened.ended('failed', body.errored);
    else opened.ended(raw.writableFinished ? 'success' : 'abandoned');
  });
  raw.setTimeout(stalledMs, () => raw.destroy());
  return reply.headers(opened.headers).send(body);
}
