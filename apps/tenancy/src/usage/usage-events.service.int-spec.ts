import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { serviceCaller, type TenantId } from '@support101/contracts';
import { reservableLimits } from '@support101/contracts/tenancy';
import { type Database, detached, openDatabase, type Tx } from '@support101/database';
import { Inbox } from '@support101/messaging';
import { Clock, newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import { VirtualClock, Wire } from '@support101/testing';
import * as fc from 'fast-check';
import { insertTenant, prepare, type Prepared } from '../../test/engines.js';
import {
  type CounterRow,
  type LedgerRow,
  life,
  type Life,
  type MonthRow,
  named,
  type PlaceRow,
  steps,
  type Use,
  useOf,
} from '../../test/usage-model.js';
import { placesOf, tellAll } from '../../test/usage-telling.js';
import { TenantsRepository } from '../tenants/tenants.repository.js';
import { type Happening, UsageEventsRepository } from './usage-events.repository.js';
import { UsageEventsService } from './usage-events.service.js';

/** The repository, and what went wrong in it: the writer tries again by itself, so that nobody else hears of it. */
class Watched extends UsageEventsRepository {
  readonly batches: number[] = [];
  readonly failures: unknown[] = [];

  override async write(tx: Tx, all: readonly Happening[], now: Date): Promise<void> {
    this.batches.push(all.length);
    await super.write(tx, all, now).catch((error: unknown) => {
      this.failures.push(error);
      throw error;
    });
  }
}

describe.each(engines)('the use of many tenants, heard at once (%s)', (engine) => {
  const time = new VirtualClock('2026-11-22T12:00:00Z');
  const instances: { service: UsageEventsService; database: Database }[] = [];
  const wires: Wire[] = [];
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterEach(async () => {
    for (const { service, database } of instances.splice(0)) {
      await service.onApplicationShutdown();
      await database.close();
    }
    for (const wire of wires.splice(0)) await wire.close();
  });

  afterAll(async () => {
    await prepared?.close();
  });

  /** An instance of the service with connections of its own. */
  async function instance(repository: UsageEventsRepository = new Watched(), url = prepared.url): Promise<UsageEventsService> {
    const database = await openDatabase({ url, schema: 'tenancy', embedded: engine === 'embedded' });
    const service = new UsageEventsService(database, new Inbox(database), repository, new Clock(time));
    instances.push({ service, database });
    return service;
  }

  const places = () => placesOf(prepared, time);
  const rows = <Row extends object>(sql: string, tenantIds: readonly TenantId[]) =>
    prepared.database.asSystem('test', (tx) => tx.query<Row>(sql, [tenantIds]));

  /** Everything that is known of the use of these tenants, in an order of its own. */
  async function known(tenantIds: readonly TenantId[]): Promise<Use> {
    const [ledger, months, held, counters] = await Promise.all([
      rows<LedgerRow>(
        `select tenant_id, record_id, kind, cost_micro_usd::text as cost from usage_ledger where tenant_id = any ($1)
         order by tenant_id collate "C", record_id collate "C", kind collate "C"`,
        tenantIds,
      ),
      rows<MonthRow>(
        `select tenant_id, period, kind, count, cost_micro_usd::text as cost from usage_months where tenant_id = any ($1)
         order by tenant_id collate "C", period collate "C", kind collate "C"`,
        tenantIds,
      ),
      rows<PlaceRow>(
        `select tenant_id, limit_name, holder, expires_at is null as kept from usage_places where tenant_id = any ($1)
         order by tenant_id collate "C", limit_name collate "C", holder collate "C"`,
        tenantIds,
      ),
      rows<CounterRow>(
        `select tenant_id, limit_name, kept from usage_counters where tenant_id = any ($1) and kept <> 0
         order by tenant_id collate "C", limit_name collate "C"`,
        tenantIds,
      ),
    ]);
    return { ledger, months, held, counters };
  }

  it('comes to the same as one event at a time, however often and wherever each is heard', async () => {
    const [one, two] = [new Watched(), new Watched()];
    const services = [await instance(one), await instance(two)];
    const gone = newId('ten');

    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 20, maxLength: 80 }), async (made) => {
        const live = await Promise.all([insertTenant(prepared), insertTenant(prepared), insertTenant(prepared)]);
        const lives = named(made, [...live, gone]);

        await tellAll(services, lives);
        const first = await known([...live, gone]);
        await tellAll(services.toReversed(), lives);

        expect(first).toEqual(useOf(lives, live));
        expect(await known([...live, gone])).toEqual(first);
      }),
      { numRuns: 6, endOnFailure: true },
    );
    expect([...one.failures, ...two.failures]).toEqual([]);
    expect(Math.max(...one.batches)).toBeGreaterThan(10);
  });

  it('is written also beside an event that cannot be written', async () => {
    const tenantId = await insertTenant(prepared);
    const service = await instance();
    const [good, bad] = [1, 2 ** 63].map((cost) => ({ step: 'run_resolved', day: 0, cost, times: [1, 0] }) as const);
    const lives = named(
      Array.from({ length: 20 }, (_, index) => ({ tenant: 0, holder: 'run', events: [index === 7 ? bad : good] }) as Life),
      [tenantId],
    );

    const told = await Promise.allSettled(lives.map((one) => tellAll([service], [one])));

    expect(told.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([7]);
    expect(await known([tenantId])).toEqual(useOf(lives.toSpliced(7, 1), [tenantId]));
  });

  it('is nothing of a tenant that is gone, beside one that is there', async () => {
    const [here, gone] = [await insertTenant(prepared), await insertTenant(prepared)];
    await prepared.models.forTenant(gone, (tx) => new TenantsRepository().bury(tx, gone, time.now()));
    const service = await instance();
    const event = { step: 'agent_created', day: 0, cost: 0, times: [1, 0] } as const;
    const lives = named(
      [0, 1].map((tenant) => ({ tenant, holder: 'agent', events: [event] })),
      [here, gone],
    );

    await tellAll([service], lives);

    expect(await known([here, gone])).toEqual(useOf(lives, [here]));
    expect(await rows('select tenant_id from usage_counters where tenant_id = any ($1)', [gone])).toEqual([]);
  });

  it('is counted exactly while two instances hear of it and places are reserved and released', async () => {
    const [one, two] = [new Watched(), new Watched()];
    const services = [await instance(one), await instance(two)];
    const tenantIds = await Promise.all([insertTenant(prepared), insertTenant(prepared)]);
    const event = { day: 0, cost: 0 };
    const lives = named(
      Array.from({ length: 200 }, (_, index): Life => {
        const holder = (['agent', 'article', 'request', 'run'] as const)[index % 4] ?? 'run';
        const [step, next] = [steps[holder][0], steps[holder].at(-1) ?? steps[holder][0]];
        const times = [index % 2, (index + 1) % 2] as const;
        const end = index % 3 === 0 ? [{ ...event, step: next, times: [1, 1] as const }] : [];
        return { tenant: (index >> 2) % 2, holder, events: [{ ...event, step, times }, ...end] };
      }),
      tenantIds,
    );
    const reserving = tenantIds.flatMap((tenantId) =>
      Array.from({ length: 40 }, async (_, index) => {
        const caller = serviceCaller('agent-runtime', 'test', tenantId);
        const place = { limit: reservableLimits[index % 4] ?? 'agents', holder: `place_${index}` } as const;
        await places()
          .reserve(place, caller)
          .catch(() => undefined);
        await places().release(place, caller);
      }),
    );

    await Promise.all([tellAll(services, lives), ...reserving]);

    expect(await known(tenantIds)).toEqual(useOf(lives, tenantIds));
    expect([...one.failures, ...two.failures]).toEqual([]);
  });

  it('is counted by who reserves a place at the same time', async () => {
    const tenantId = await insertTenant(prepared);
    const [limit, expiresAt] = ['concurrentExecutions' as const, new Date(time.now().getTime() + 60_000)];
    const reserve = (holder: string) =>
      places().reserve({ limit, holder, ttlSeconds: 60 }, serviceCaller('agent-runtime', 'test', tenantId));
    const fact = { tenantId, durable: 'usage', eventId: newId('evt'), recordId: newId('run'), limit, takes: true, expiresAt };
    const entry = { kind: 'run_started', at: time.now(), inputTokens: 0, outputTokens: 0, costMicroUsd: 0 } as const;
    await reserve('run_1');

    const { asked } = await prepared.database.asSystem('usage', async (tx) => {
      await new UsageEventsRepository().write(tx, [{ ...fact, ...entry }], time.now());
      const asked = detached(() => reserve('run_2'));
      // Long enough for it to be answered if nothing held it up.
      await tx.query('select pg_sleep(0.3)');
      return { asked };
    });

    expect(await asked).toMatchObject({ current: 3 });
  });

  // The wire is one of TCP, which leads to a server only.
  if (engine === 'native') {
    it('is whole when the database was lost in the middle and everything not confirmed comes again', async () => {
      const tenantIds = await Promise.all([insertTenant(prepared), insertTenant(prepared)]);
      const wire = await Wire.lay(prepared.url);
      wires.push(wire);
      const cutting = new (class extends UsageEventsRepository {
        override async write(tx: Tx, all: readonly Happening[], now: Date): Promise<void> {
          const written = super.write(tx, all, now);
          if (all.length < 100) return written;
          // What was asked for is under way, and so is COMMIT: either may have arrived.
          setImmediate(() => wire.cut());
          await written;
        }
      })();
      const service = await instance(cutting, wire.url);
      const alive = (cost: number): Life => ({
        tenant: cost % 2,
        holder: 'run',
        events: [{ step: 'run_resolved', day: cost % 60, cost, times: [1, 0] }],
      });
      const lives = named(
        Array.from({ length: 150 }, (_, cost) => alive(cost)),
        tenantIds,
      );
      const [before, during] = [lives.slice(0, 50), lives.slice(50)];
      await tellAll([service], before);

      const told = await Promise.allSettled(during.map((one) => tellAll([service], [one])));
      await tellAll([await instance()], lives);

      expect(told.some(({ status }) => status === 'rejected')).toBe(true);
      expect(await known(tenantIds)).toEqual(useOf(lives, tenantIds));
    });
  }
});
