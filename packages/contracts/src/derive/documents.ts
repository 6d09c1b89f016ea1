import type { Registry } from '../kernel/registry.js';
import { asyncapi } from './asyncapi.js';
import { openapi, type DocumentInfo } from './openapi.js';
import { snapshot } from './snapshot.js';
import { subjects } from './subjects.js';

/** What the OpenAPI document says about the API. */
export const apiInfo: DocumentInfo = {
  title: 'Support101',
  version: '1.0',
  description: [
    'AI agents for customer support, with people in charge of them.',
    '',
    '- **Credentials**: `Authorization: Bearer <key>`. The tenant comes from the key; another tenant’s id is answered with 404.',
    '- **Errors** are `application/problem+json` with a `code`; look it up under the operation.',
    '- **Unknown** body fields and query parameters are refused, and so is a query parameter that comes twice; lists in the query are written `a,b`.',
    '- **Lists** answer `{ data, nextCursor }`; pass `nextCursor` as `cursor` for the next page.',
    '- **Exports** answer with a whole list as one file; one whose connection breaks off is not complete.',
    '- **Idempotency-Key** on a POST: the same key with the same body is answered once and repeated for 24 hours.',
    '- Fields may be **added** to answers; nothing else changes within `/v1`.',
  ].join('\n'),
};

/** What the AsyncAPI document says about the events. */
export const eventsInfo: DocumentInfo = {
  title: 'Support101 events',
  version: '1.0',
  description: 'Facts as CloudEvents 1.0 on NATS, in the JetStream stream SUPPORT101_EVENTS; one subject per tenant and fact.',
};

/** The files of `docs/generated` that follow from the contracts: their text by name. */
export function documents(registry: Registry): Record<string, string> {
  return {
    'openapi.json': json(openapi(registry, apiInfo)),
    'asyncapi.json': json(asyncapi(registry, eventsInfo)),
    'contracts.json': json(snapshot(registry)),
    'subjects.md': subjects(registry),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
