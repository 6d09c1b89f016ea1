import type { EventContract } from '../kernel/contract.js';
import { EventEnvelope, eventSubject, eventSubjectRoot } from '../kernel/envelope.js';
import type { Registry } from '../kernel/registry.js';
import { SchemaBook, type JsonSchema } from './json-schema.js';
import { identifierOf, partsOf } from './names.js';
import type { DocumentInfo } from './openapi.js';

/** An AsyncAPI 3.0 document; plain JSON. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: DocumentInfo;
  readonly channels: Record<string, { readonly address: string } & Record<string, unknown>>;
  readonly operations: Record<string, unknown>;
  readonly components: { readonly messages: Record<string, unknown>; readonly schemas: Record<string, JsonSchema> };
  readonly [extension: string]: unknown;
}

/** The AsyncAPI 3.0 document of every event: one channel each, on the subject it is published to. */
export function asyncapi(registry: Registry, info: DocumentInfo): AsyncApiDocument {
  const book = new SchemaBook('#/components/schemas/', 'draft-07');
  book.schema(EventEnvelope, 'output');
  const events = [...registry.events].sort((a, b) => (a.type < b.type ? -1 : 1));
  const entries = events.map((event) => [identifierOf(event.type), event] as const);
  return {
    asyncapi: '3.0.0',
    info,
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(entries.map(([name, event]) => [name, channel(name, event)])),
    operations: Object.fromEntries(entries.map(([name, event]) => [name, operation(name, event)])),
    components: {
      messages: Object.fromEntries(entries.map(([name, event]) => [name, message(event, book)])),
      schemas: book.components,
    },
  };
}

function channel(name: string, event: EventContract) {
  return {
    address: eventSubject(event.type, '*').replace('*', '{tenantId}'),
    title: event.type,
    description: event.summary,
    parameters: { tenantId: { description: 'The tenant the fact is about; * for all that one may see.' } },
    messages: { event: { $ref: `#/components/messages/${name}` } },
    bindings: { nats: { bindingVersion: '0.1.0' } },
    'x-stream': `${eventSubjectRoot.toUpperCase()}_EVENTS`,
  };
}

function operation(name: string, event: EventContract): object {
  const { service, capability } = partsOf(event.type);
  return {
    action: 'send',
    channel: { $ref: `#/channels/${name}` },
    summary: event.summary,
    messages: [{ $ref: `#/channels/${name}/messages/event` }],
    tags: [{ name: `${service}:${capability}` }],
  };
}

function message(event: EventContract, book: SchemaBook): object {
  return {
    name: event.type,
    title: event.summary,
    contentType: 'application/cloudevents+json',
    headers: {
      type: 'object',
      properties: { 'Nats-Msg-Id': { type: 'string', description: 'The event’s id: the broker drops a second copy.' } },
    },
    payload: {
      allOf: [
        { $ref: '#/components/schemas/EventEnvelope' },
        { type: 'object', properties: { type: { const: event.type }, data: book.schema(event.data, 'output') } },
      ],
    },
    'x-audit': event.audit,
  };
}
