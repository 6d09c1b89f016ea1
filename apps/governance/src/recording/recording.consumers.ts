import { Controller } from '@nestjs/common';
import { ConsumesAll, type Delivery } from '@support101/messaging';
import { RecordingService } from './recording.service.js';

/** Hears of everything. */
@Controller()
export class RecordingConsumers {
  constructor(private readonly recording: RecordingService) {}

  // Many at once, because those that wait together share one commit. Patient: what is given up on is missing in the audit.
  @ConsumesAll({ durable: 'audit', concurrency: 200, maxDeliver: 20 })
  any({ event }: Delivery): Promise<void> {
    return this.recording.recordEvent(event);
  }
}
