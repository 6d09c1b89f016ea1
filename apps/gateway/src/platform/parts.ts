import type { Registry } from '@support101/contracts';
import type { Transport } from '@support101/messaging';
import type { HealthBoard, Log } from '@support101/service-kit';
import type { TimeSource } from '@support101/time';

/** What the operator decides about the gateway. */
export interface GatewaySettings {
  /** The credential that administers tenants; without one nobody can. */
  readonly platformKey?: string;
  /** Largest request body in bytes; 1 MiB unless said. */
  readonly bodyLimit?: number;
  /** How long the owner of a key, and that a key has none, is remembered, in milliseconds; 5 and 1 seconds unless said. */
  readonly keyCacheMs?: number;
  readonly unknownKeyCacheMs?: number;
  /** How long a request may take to arrive, in milliseconds; 30 seconds unless said. */
  readonly requestTimeoutMs?: number;
  /** A client that takes nothing of an export for so long is let go, in milliseconds; 60 seconds unless said. */
  readonly stalledMs?: number;
  /** Between two signs of life on a stream, in milliseconds; 15 seconds unless said. */
  readonly heartbeatMs?: number;
  /** How long closing waits for requests under way before it cuts them off, in milliseconds; 10 seconds unless said. */
  readonly drainMs?: number;
}

/** What a process gives its gateway. */
export interface GatewayParts {
  readonly transport: Transport;
  /** The contracts whose routes are served. */
  readonly registry: Registry;
  readonly health: HealthBoard;
  readonly log: Log;
  readonly settings: GatewaySettings;
  /** `redis://…` or `rediss://…`, where all gateways count the limits of requests together; without it each counts alone. */
  readonly redisUrl?: string;
  readonly time?: TimeSource;
}

/** Token under which the parts are provided. */
export const PARTS = Symbol('GatewayParts');
