import { Module } from '@nestjs/common';
import { ReviewersHandlers } from './reviewers.handlers.js';
import { ReviewersRepository } from './reviewers.repository.js';
import { ReviewersService } from './reviewers.service.js';

@Module({ controllers: [ReviewersHandlers], providers: [ReviewersService, ReviewersRepository], exports: [ReviewersService] })
export class ReviewersModule {}
