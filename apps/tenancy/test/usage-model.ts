import type { EventId, TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import * as fc from 'fast-check';
import * as rules from '../src/usage/usage.rules.js';

/** What can happen to a record of each kind, in any order: a letter that was dead comes late. */
export const steps = {
  run: ['run_started', 'paused', 'resumed', ...rules.runEndings],
  agent: ['agent_created', 'agent_deleted'],
  article: ['article_created', 'article_deleted'],
  request: ['request_opened', ...rules.holders.request.endings],
} as const;
type Step = (typeof steps)[rules.HolderKind][number];

/** After these a record has a place. */
export const taking: readonly Step[] = ['run_started', 'resumed', 'agent_created', 'article_created', 'request_opened'];
const ending = (step: Step) => rules.lastKinds.some((kind) => kind === step);

/** One event, and how often it comes to each of the two instances at once. */
export interface Heard {
  readonly step: Step;
  readonly day: number;
  readonly cost: number;
  readonly times: readonly [number, number];
}

/** What happens to one record, one after the other; what is heard again comes at the end. */
export interface Life {
  readonly tenant: number;
  readonly holder: rules.HolderKind;
  readonly events: readonly Heard[];
}

/** Any life. */
export const life: fc.Arbitrary<Life> = fc
  .constantFrom<rules.HolderKind>('run', 'run', 'run', 'agent', 'article', 'request')
  .chain((holder) =>
    fc.record({
      tenant: fc.nat(3),
      holder: fc.constant(holder),
      events: fc.array(
        fc.record({
          step: fc.constantFrom<Step>(...steps[holder]),
          day: fc.nat(60),
          cost: fc.nat(2 ** 40),
          times: fc.constantFrom([1, 0], [0, 1], [2, 0], [1, 1], [2, 2]) as fc.Arbitrary<[number, number]>,
        }),
        { minLength: 1, maxLength: 5 },
      ),
    }),
  );

/** A life in a database: whose, and with which ids. */
export interface Told extends Life {
  readonly tenantId: TenantId;
  readonly recordId: string;
  readonly ids: readonly EventId[];
}

export function named(lives: readonly Life[], tenantIds: readonly TenantId[]): Told[] {
  return lives.map((one) => ({
    ...one,
    tenantId: tenantIds[one.tenant] as TenantId,
    recordId: newId('run'),
    ids: one.events.map(() => newId('evt')),
  }));
}

/** The moment of a day: the last one of it, also of the month. */
export const dayOf = (day: number): Date => new Date(Date.UTC(2026, 9, 1 + day, 23, 59, 59, 999));

export interface LedgerRow {
  readonly tenant_id: TenantId;
  readonly record_id: string;
  readonly kind: string;
  readonly cost: string;
}

export interface MonthRow {
  readonly tenant_id: TenantId;
  readonly period: string;
  readonly kind: string;
  readonly count: number;
  readonly cost: string;
}

export interface PlaceRow {
  readonly tenant_id: TenantId;
  readonly limit_name: string;
  readonly holder: string;
  readonly kept: boolean;
}

export interface CounterRow {
  readonly tenant_id: TenantId;
  readonly limit_name: string;
  readonly kept: number;
}

/** What is known of the use of tenants; each sorted by its columns, counters without those of 0. */
export interface Use {
  readonly ledger: readonly LedgerRow[];
  readonly months: readonly MonthRow[];
  readonly held: readonly PlaceRow[];
  readonly counters: readonly CounterRow[];
}

/** What lives come to, one event after the other and without a database. `live`: the tenants that are there. */
export function useOf(lives: readonly Told[], live: readonly TenantId[]): Use {
  const facts = lives.filter(({ tenantId }) => live.includes(tenantId)).map((one) => ({ one, ...livedThrough(one) }));
  const ledger = facts.flatMap(({ one, written }) =>
    [...written.values()].map(({ step, cost }) => ({
      tenant_id: one.tenantId,
      record_id: one.recordId,
      kind: step,
      cost: `${cost}`,
    })),
  );
  const months = new Map<string, MonthRow>();
  for (const { one, written } of facts) {
    for (const { step, cost, day } of written.values()) {
      const row = { tenant_id: one.tenantId, period: rules.periodOf(dayOf(day)), kind: step };
      const key = Object.values(row).join();
      const before = months.get(key);
      const sums = { count: (before?.count ?? 0) + 1, cost: `${Number(before?.cost ?? 0) + cost}` };
      months.set(key, { ...row, ...sums });
    }
  }
  const held = facts
    .filter(({ place }) => place)
    .map(({ one }) => {
      const { limit, leaseSeconds } = rules.holders[one.holder];
      return { tenant_id: one.tenantId, limit_name: limit, holder: one.recordId, kept: leaseSeconds === undefined };
    });
  const counters = new Map<string, CounterRow>();
  for (const { tenant_id, limit_name, kept } of held) {
    const key = [tenant_id, limit_name].join();
    if (kept) counters.set(key, { tenant_id, limit_name, kept: (counters.get(key)?.kept ?? 0) + 1 });
  }
  return {
    ledger: sorted(ledger),
    months: sorted([...months.values()]),
    held: sorted(held),
    counters: sorted([...counters.values()]),
  };
}

/** What is written of one record, each fact once, and whether it has a place in the end. */
function livedThrough({ holder, events }: Life) {
  const written = new Map<Step, Pick<Heard, 'step' | 'day' | 'cost'>>();
  let [place, over] = [false, false];
  for (const { step, day, cost } of events) {
    over ||= ending(step);
    place = taking.includes(step) && (place || !over);
    const used = holder === 'run' && ending(step) ? cost : 0;
    if (step !== 'paused' && step !== 'resumed' && !written.has(step)) written.set(step, { step, day, cost: used });
  }
  return { written, place };
}

function sorted<Row extends object>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => (Object.values(a).join() < Object.values(b).join() ? -1 : 1));
}
