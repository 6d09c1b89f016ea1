import { Module } from '@nestjs/common';
import { GrantsModule } from '../grants/grants.module.js';
import { AuthorizationService } from './authorization.service.js';

@Module({ imports: [GrantsModule], providers: [AuthorizationService], exports: [AuthorizationService] })
export class AuthorizationModule {}
