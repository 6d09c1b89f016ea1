import { type DynamicModule, Module } from '@nestjs/common';
import { registry } from '@support101/contracts/all';
import type { ServiceDefinition } from '@support101/service-kit';
import { InboundModule } from './inbound/inbound.module.js';
import type { GatewayNeeds } from './platform/installation.js';
import { PlatformModule } from './platform/platform.module.js';
import { SourcesModule } from './sources/sources.module.js';

@Module({ imports: [SourcesModule, InboundModule] })
class WebhookGatewayModule {
  static with(needs: GatewayNeeds): DynamicModule {
    return { module: WebhookGatewayModule, imports: [PlatformModule.with(needs)] };
  }
}

/** Webhooks of third parties: where they may come from, and what came. */
export function webhookGatewayService(needs: GatewayNeeds): ServiceDefinition {
  return {
    name: 'webhook-gateway',
    schema: 'webhook_gateway',
    migrations: new URL('../prisma/migrations/', import.meta.url),
    module: WebhookGatewayModule.with(needs),
    registry,
  };
}
