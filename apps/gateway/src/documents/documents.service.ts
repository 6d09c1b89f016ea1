import { createReadStream, type ReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { apiInfo, openapi } from '@support101/contracts/derive';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import { referencePage } from './documents.rules.js';

/** The documents about the API: the OpenAPI document of the served contracts and the page that shows it. */
@Injectable()
export class DocumentsService {
  readonly page = referencePage({ title: apiInfo.title, document: '/openapi.json', script: '/docs/reference.js' });
  #openapi: string | undefined;

  constructor(@Inject(PARTS) private readonly parts: GatewayParts) {}

  /** The OpenAPI document as JSON; made at the first request, since it takes a while and most processes never need it. */
  openapi(): string {
    this.#openapi ??= JSON.stringify(openapi(this.parts.registry, apiInfo));
    return this.#openapi;
  }

  /** The script of the page, out of the installed package: nothing is loaded from elsewhere. */
  script(): ReadStream {
    const entry = createRequire(import.meta.url).resolve('@scalar/api-reference');
    return createReadStream(join(entry, '..', 'browser', 'standalone.js'));
  }
}
