import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { registry } from '@support101/contracts/all';
import { nestLogger, openTransport, type ProcessContext, registerEngines, SettingsError } from '@support101/service-kit';
import type { FastifyInstance } from 'fastify';
import { AuthenticationModule } from './authentication/authentication.module.js';
import { AuthorizationModule } from './authorization/authorization.module.js';
import { DocumentsModule } from './documents/documents.module.js';
import type { GatewayEnvironment } from './env.js';
import { ExportsModule } from './exports/exports.module.js';
import { HealthModule } from './health/health.module.js';
import { GatewayHttpAdapter } from './platform/http-adapter.js';
import { otherMethods } from './platform/other-methods.js';
import type { GatewayParts } from './platform/parts.js';
import { PlatformModule } from './platform/platform.module.js';
import { RoutesModule } from './routes/routes.module.js';
import { StreamsModule } from './streams/streams.module.js';

export type { GatewayParts, GatewaySettings } from './platform/parts.js';

@Module({
  imports: [AuthenticationModule, AuthorizationModule, DocumentsModule, ExportsModule, HealthModule, RoutesModule, StreamsModule],
})
class AppModule {
  static with(parts: GatewayParts): DynamicModule {
    return { module: AppModule, imports: [PlatformModule.with(parts)] };
  }
}

/** The HTTP door, ready to listen. */
export interface Gateway {
  /** Opens the door; rejects with `EADDRINUSE` when the port is taken, and may then be asked again. Port 0 picks one. */
  listen(port: number, host: string): Promise<void>;
  /** Takes no more connections, answers what is under way, lets go. */
  close(): Promise<void>;
  /** Where it listens. */
  readonly url: string;
}

/** Makes the gateway for the contracts and parts given. */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { bodyLimit = 1_048_576, requestTimeoutMs = 30_000, drainMs = 10_000 } = parts.settings;
  const adapter = new GatewayHttpAdapter({ log: parts.log, bodyLimit, requestTimeoutMs });
  const others = otherMethods(adapter.getInstance<FastifyInstance>());
  const app = await NestFactory.create(AppModule.with(parts), adapter, {
    logger: nestLogger(parts.log),
    bodyParser: false,
    abortOnError: false,
  });
  await app.init();
  others.close();
  let url = '';
  return {
    listen: async (port, host) => {
      await app.listen(port, host);
      url = await app.getUrl();
    },
    close: async () => {
      const cutOff = setTimeout(() => adapter.getInstance<FastifyInstance>().server.closeAllConnections(), drainMs);
      await app.close();
      clearTimeout(cutOff);
    },
    get url() {
      return url;
    },
  };
}

/** Opens the gateway as a process of its own. Throws SettingsError when NATS, Redis or the port cannot be used. */
export async function startGateway(environment: GatewayEnvironment, { log, health, onClose }: ProcessContext): Promise<void> {
  const { transport } = await openTransport(environment.NATS_URL, { name: 'gateway', log });
  onClose(() => transport.close());
  registerEngines(health, { transport });
  const platformKey = environment.SUPPORT101_PLATFORM_KEY;
  const settings = platformKey === undefined ? {} : { platformKey };
  const redis = environment.REDIS_URL === undefined ? {} : { redisUrl: environment.REDIS_URL };
  const gateway = await createGateway({ transport, registry, health, log, settings, ...redis });
  onClose(() => gateway.close());
  try {
    await gateway.listen(environment.PORT, environment.HOST);
  } catch (error) {
    throw new SettingsError([`PORT: ${error instanceof Error ? error.message : String(error)}`]);
  }
  log.info({ url: gateway.url }, 'listening');
}
