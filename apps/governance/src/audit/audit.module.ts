import { Module } from '@nestjs/common';
import { AuditHandlers } from './audit.handlers.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';

@Module({ controllers: [AuditHandlers], providers: [AuditService, AuditRepository], exports: [AuditService] })
export class AuditModule {}
