import { type DynamicModule, Module } from '@nestjs/common';
import type { Embedder } from '@support101/models';
import { EMBEDDER } from './embedder.js';

/** What every capability of learning may use. */
@Module({})
export class PlatformModule {
  static with(embedder: Embedder): DynamicModule {
    const providers = [{ provide: EMBEDDER, useValue: embedder }];
    return { module: PlatformModule, global: true, providers, exports: providers };
  }
}
