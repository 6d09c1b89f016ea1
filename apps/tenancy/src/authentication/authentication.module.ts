import { Module } from '@nestjs/common';
import { AuthenticationHandlers } from './authentication.handlers.js';
import { AuthenticationRepository } from './authentication.repository.js';
import { AuthenticationService } from './authentication.service.js';

@Module({ controllers: [AuthenticationHandlers], providers: [AuthenticationService, AuthenticationRepository] })
export class AuthenticationModule {}
