import type { NatsOptions } from './nats/nats-link.js';
import type { Transport } from './transport.js';

/**
 * Connects to NATS and makes the streams; throws when the server does not answer in time or cannot keep them as
 * needed. The client library is loaded only here, so that a process without NATS does not pay for it.
 */
export async function openNats(options: NatsOptions): Promise<Transport> {
  const { NatsTransport } = await import('./nats/nats-transport.js');
  return NatsTransport.open(options);
}
