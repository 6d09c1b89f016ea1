import { createReadStream } from 'node:fs';
import { Inject, Injectable } from '@nestjs/common';
import { apiInfo, openapi } from '@support101/contracts/derive';
import type { Page } from '../platform/pages.js';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import { pagePolicy, referencePage } from './documents.rules.js';

// Put there when the gateway is built, out of a package of 200 MB: the page loads nothing from elsewhere.
const reference = new URL('../../dist/documents/reference.js', import.meta.url);

/** The documents about the API: the OpenAPI document of the served contracts, and the page that shows it. */
@Injectable()
export class DocumentsService {
  readonly pages: readonly Page[];
  #openapi: string | undefined;

  constructor(@Inject(PARTS) private readonly parts: GatewayParts) {
    const page = referencePage({ title: apiInfo.title, document: '/openapi.json', script: '/docs/reference.js' });
    const html = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': pagePolicy };
    const script = { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'public, max-age=86400' };
    const json = { 'content-type': 'application/json; charset=utf-8' };
    this.pages = [
      { path: '/', status: 302, headers: { location: '/docs' }, body: () => '' },
      { path: '/docs', status: 200, headers: html, body: () => page },
      { path: '/docs/reference.js', status: 200, headers: script, body: () => createReadStream(reference) },
      { path: '/openapi.json', status: 200, headers: json, body: () => this.#document() },
    ];
  }

  /** Made at the first request, since it takes a while and most processes never need it. */
  #document(): string {
    this.#openapi ??= JSON.stringify(openapi(this.parts.registry, apiInfo));
    return this.#openapi;
  }
}
