import { DomainError, isStorable, toIssues, type RawBinding } from '@support101/contracts';
import { inputPlaces, type Routed } from '@support101/contracts/derive';
import type { FastifyInstance } from 'fastify';
import { pointerPart } from './storable-json.js';

/** Largest raw body in bytes: in base64 it still fits into one message. */
export const rawBodyLimit = 524_288;

/** A request whose headers are also known with every value that came. */
export interface RawRequestParts {
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly raw: { readonly headersDistinct: Readonly<Record<string, readonly string[] | undefined>> };
}

/** Makes the server take bodies of any media type, and leave them as they are. */
export function takeRawBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: rawBodyLimit }, (_request, body, done) => done(null, body));
}

/** Credentials of ours or of a browser: nothing a service should see. */
const withheld: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

/** Makes the input of a contract that takes requests as they come: the exact bytes in base64, and the headers. */
export class RawInputReader {
  readonly #path: readonly string[];

  constructor(
    private readonly contract: Routed,
    private readonly binding: RawBinding,
  ) {
    this.#path = inputPlaces(contract).path;
  }

  /** The input as the contract's service is to receive it; throws `validation_failed` when the path does not fit. */
  read({ params, body, raw }: RawRequestParts): Record<string, unknown> {
    const input: Record<string, unknown> = {
      [this.binding.body]: Buffer.isBuffer(body) ? body.toString('base64') : '',
      [this.binding.headers]: headersOf(raw.headersDistinct),
    };
    for (const name of this.#path) {
      const value = params[name] ?? '';
      input[name] = isStorable(value) ? value : '';
    }
    const parsed = this.contract.input.safeParse(input);
    if (parsed.success) return input;
    const issues = toIssues(parsed.error).filter(({ path }) => this.#path.some((name) => path === pointerPart(name)));
    throw new DomainError('validation_failed', issues[0] && `${issues[0].path}: ${issues[0].message}`, { issues });
  }
}

function headersOf(distinct: RawRequestParts['raw']['headersDistinct']): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values = []] of Object.entries(distinct)) {
    // A line feed cannot be in a header: what came twice cannot be mistaken for what came once.
    if (!withheld.has(name) && name !== '__proto__') headers[name] = values.join('\n');
  }
  return headers;
}
