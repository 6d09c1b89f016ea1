import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOG, type Log } from '@support101/service-kit';
import { InboundService } from './inbound.service.js';

const periodMs = 60 * 60 * 1000;

/** Deletes old deliveries, every hour. */
@Injectable()
export class InboundJobs implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(
    private readonly inbound: InboundService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void (this.#sweeping ??= this.#sweep()), periodMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    try {
      await this.inbound.removeOld();
    } catch (error) {
      this.log.warn({ error }, 'old webhook deliveries could not be deleted');
    } finally {
      this.#sweeping = undefined;
    }
  }
}
