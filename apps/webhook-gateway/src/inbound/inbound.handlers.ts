import { Controller } from '@nestjs/common';
import type { Caller, InputOf, OutputOf } from '@support101/contracts';
import { receiveWebhook } from '@support101/contracts/webhook-gateway';
import { Answers } from '@support101/messaging';
import { InboundService } from './inbound.service.js';

/** Answers third parties. */
@Controller()
export class InboundHandlers {
  constructor(private readonly inbound: InboundService) {}

  @Answers(receiveWebhook)
  receive(input: InputOf<typeof receiveWebhook>, caller: Caller): Promise<OutputOf<typeof receiveWebhook>> {
    return this.inbound.receive(input, caller);
  }
}
