import { headers as natsHeaders, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { WireMessage } from '../transport.js';

/** Headers as NATS carries them. */
export function toNats(values: Readonly<Record<string, string>>): MsgHdrs {
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
  return headers;
}

/** A message of NATS as the handlers and callers see it. */
export function fromNats(message: Msg): WireMessage {
  const headers: Record<string, string> = {};
  for (const [name, values] of message.headers ?? []) headers[name] = values[0] ?? '';
  return { body: message.string(), headers };
}
