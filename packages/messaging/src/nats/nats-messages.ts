import { headers as natsHeaders, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { EventEnvelope } from '@support101/contracts';
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

/** The event in a message; undefined when it is none. */
export function eventIn(text: string): EventEnvelope | undefined {
  try {
    return EventEnvelope.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Copies of an event that was parsed already: the first delivery, mostly the only one, gets that. */
export function firstly(event: EventEnvelope, text: string): () => EventEnvelope {
  let parsed: EventEnvelope | undefined = event;
  return () => {
    const copy = parsed ?? EventEnvelope.parse(JSON.parse(text));
    parsed = undefined;
    return copy;
  };
}
