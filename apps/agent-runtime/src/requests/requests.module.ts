import { Module } from '@nestjs/common';
import { RequestsConsumers } from './requests.consumers.js';
import { RequestsRepository } from './requests.repository.js';
import { RequestsService } from './requests.service.js';

@Module({ controllers: [RequestsConsumers], providers: [RequestsRepository, RequestsService], exports: [RequestsService] })
export class RequestsModule {}
