import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { Answers } from '@support101/messaging';
import { RecordingService } from './recording.service.js';

/** Takes what has no event of its own. */
@Controller()
export class RecordingHandlers {
  constructor(private readonly recording: RecordingService) {}

  @Answers(contract.recordAudit)
  record(input: InputOf<typeof contract.recordAudit>): Promise<OutputOf<typeof contract.recordAudit>> {
    return this.recording.record(input);
  }
}
