import {
  DomainError,
  isDomainError,
  toProblem,
  type Caller,
  type EventEnvelope,
  type InputOf,
  type OutputOf,
  type Registry,
  type Rpc,
  type TenantId,
} from '@support101/contracts';
import { recordAudit, resolvePermissions, type Grant } from '@support101/contracts/governance';
import { authenticateKey, tenantLimits } from '@support101/contracts/tenancy';
import { callerFromHeaders, headerNames, InProcessTransport } from '@support101/messaging';
import { createLog, HealthBoard, newId } from '@support101/service-kit';
import { createGateway, type Gateway, type GatewayParts, type GatewaySettings } from '../src/app.module.js';
import { registry as demoRegistry } from './demo-contracts.js';

export const platformKey = 'platform-key-of-the-tests-0123456789';
export const acme = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' as TenantId;
export const globex = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n2' as TenantId;
export const thingId = 'agt_01jd5m6wz5f9r8x2k3c4v7b6n1' as const;

/** Answers of tests by role: `keys.admin` is a key of Acme that is an admin. */
export const keys = {
  admin: 's101_admin00000000000000000000',
  viewer: 's101_viewer0000000000000000000',
  globex: 's101_globex0000000000000000000',
  suspended: 's101_suspended0000000000000000',
  unknown: 's101_unknown000000000000000000',
} as const;

const noLimits = {
  maxAgents: 1,
  maxConcurrentExecutions: 1,
  maxStorageMb: 1,
  maxVectorDocuments: 1,
  maxHitlQueueSize: 1,
};

type Answerer<C extends Rpc> = (input: InputOf<C>, caller: Caller) => OutputOf<C> | Promise<OutputOf<C>>;

/** The gateway on a free port, with services that tests play themselves over the in-process transport. */
export class GatewayFixture {
  readonly transport = new InProcessTransport();
  readonly health = new HealthBoard();
  readonly owners = new Map<
    string,
    { tenantId: TenantId; roles: OutputOf<typeof authenticateKey>['roles']; keyId: `key_${string}` }
  >();
  /** What governance says a principal is granted; a function may refuse to say. */
  grantsOf: (principalId: string) => Grant[] = () => [];
  /** The tenants that there are, for tenancy. */
  readonly tenants = new Set<TenantId>([acme, globex]);
  /** What the audit was told. */
  readonly audited: (InputOf<typeof recordAudit>['entries'][number] & { readonly tenantId: TenantId })[] = [];
  /** The audit cannot be told anything. */
  auditIsAway = false;
  /** How often the owner of a key, and the grants of a principal were asked for. */
  lookUps = 0;
  grantLookUps = 0;
  #gateway: Gateway | undefined;

  static async start(
    settings: GatewaySettings = {},
    registry: Registry = demoRegistry,
    given: Pick<GatewayParts, 'redisUrl'> = {},
  ): Promise<GatewayFixture> {
    const fixture = new GatewayFixture();
    fixture.owners.set(keys.admin, { tenantId: acme, roles: ['admin'], keyId: newId('key') });
    fixture.owners.set(keys.viewer, { tenantId: acme, roles: ['viewer'], keyId: newId('key') });
    fixture.owners.set(keys.globex, { tenantId: globex, roles: ['admin'], keyId: newId('key') });
    await fixture.answer(authenticateKey, ({ key }) => fixture.#ownerOf(key));
    await fixture.answer(resolvePermissions, ({ principalId }) => {
      fixture.grantLookUps += 1;
      return { grants: fixture.grantsOf(principalId) };
    });
    await fixture.answer(tenantLimits, ({ tenantId }) => {
      if (!fixture.tenants.has(tenantId)) throw new DomainError('tenant_not_found');
      const { maxRequestsPerMinute } = fixture;
      const limits = { ...noLimits, maxRequestsPerMinute };
      return { tenantId, status: 'active' as const, tier: 'starter' as const, limits, allowedBlueprints: [] };
    });
    await fixture.answer(recordAudit, ({ tenantId, entries }) => {
      if (fixture.auditIsAway) throw new DomainError('service_unavailable');
      fixture.audited.push(...entries.map((entry) => ({ ...entry, tenantId })));
      return { recorded: entries.length };
    });
    const { transport, health } = fixture;
    const log = createLog({ name: 'gateway', level: 'silent' });
    fixture.#gateway = await createGateway({
      transport,
      registry,
      health,
      log,
      settings: { platformKey, ...settings },
      ...given,
    });
    transport.start();
    await fixture.#gateway.listen(0, '127.0.0.1');
    return fixture;
  }

  get url(): string {
    return this.#gateway?.url ?? '';
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Plays the service of a contract; a thrown DomainError travels as a problem. */
  async answer<C extends Rpc>(contract: C, answerer: Answerer<C>): Promise<void> {
    await this.transport.serve(contract.subject, 'test', async ({ body, headers }) => {
      try {
        return {
          body: JSON.stringify(await answerer(JSON.parse(body) as InputOf<C>, callerFromHeaders(headers))),
          headers: this.replyHeaders,
        };
      } catch (error) {
        const problem = toProblem(isDomainError(error) ? error : undefined);
        return { body: JSON.stringify(problem), headers: { [headerNames.problem]: problem.code } };
      }
    });
  }

  /** What tenancy says of every tenant. */
  maxRequestsPerMinute = 100_000;

  /** Sent with every reply. */
  replyHeaders: Record<string, string> = {};

  /** A request with a JSON body if there is one, as the owner of `key`. */
  async fetch(path: string, options: { method?: string; key?: string; headers?: Record<string, string>; body?: unknown } = {}) {
    const { method = 'GET', key, headers = {}, body } = options;
    return fetch(new URL(path, this.url), {
      method,
      redirect: 'manual',
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async publish(event: Pick<EventEnvelope, 'type' | 'tenantid' | 'data'>): Promise<void> {
    await this.transport.publish([
      {
        specversion: '1.0',
        id: newId('evt'),
        source: 'test',
        subject: 'test:1',
        time: new Date().toISOString(),
        datacontenttype: 'application/json',
        principaltype: 'service',
        principalid: 'test',
        outcome: 'success',
        correlationid: 'test',
        ...event,
      },
    ]);
  }

  async close(): Promise<void> {
    await this.#gateway?.close();
    await this.transport.close();
  }

  #ownerOf(key: string): OutputOf<typeof authenticateKey> {
    this.lookUps += 1;
    if (key === keys.suspended) throw new DomainError('tenant_inactive');
    const owner = this.owners.get(key);
    if (owner === undefined) throw new DomainError('unauthenticated', 'The key is not valid.');
    return { ...owner, limits: { maxRequestsPerMinute: this.maxRequestsPerMinute } };
  }
}
