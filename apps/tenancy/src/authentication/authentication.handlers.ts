import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf } from '@support101/contracts';
import { authenticateKey } from '@support101/contracts/tenancy';
import { Answers } from '@support101/messaging';
import { AuthenticationService } from './authentication.service.js';

/** Answers whose key a credential is. */
@Controller()
export class AuthenticationHandlers {
  constructor(private readonly authentication: AuthenticationService) {}

  @Answers(authenticateKey)
  authenticate(input: InputOf<typeof authenticateKey>): Promise<OutputOf<typeof authenticateKey>> {
    return this.authentication.authenticate(input.key);
  }
}
