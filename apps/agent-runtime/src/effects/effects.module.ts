import { Module } from '@nestjs/common';
import { EffectsRepository } from './effects.repository.js';
import { EffectsService } from './effects.service.js';

@Module({ providers: [EffectsRepository, EffectsService], exports: [EffectsService] })
export class EffectsModule {}
