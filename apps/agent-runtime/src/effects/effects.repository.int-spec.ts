import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestId, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import { newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import { insertRun, prepare, type Prepared } from '../../test/engines.js';
import { JournalRepository } from '../journal/journal.repository.js';
import { EffectsRepository, type NewEffect } from './effects.repository.js';

describe.each(engines)('the ledger of effects (%s)', (engine) => {
  const ledger = new EffectsRepository();
  const journal = new JournalRepository();
  const now = new Date('2026-11-22T12:00:00.000Z');
  const tenantId: TenantId = newId('ten');
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const inTenant = <T>(run: (tx: Tx) => Promise<T>) => prepared.database.forTenant(tenantId, run);

  /** A run taken by a worker, and a call it is about to make. */
  async function aCall(requestId: RequestId | null = null): Promise<NewEffect> {
    const { runId } = await insertRun(prepared, tenantId);
    await inTenant((tx) => journal.take(tx, { tenantId, runId }, 'a', 60_000, now));
    return {
      tenantId,
      runId,
      step: 0,
      tool: 'pay',
      position: 0,
      toolVersion: '1.0.0',
      arguments: {},
      requestId,
      fence: 1,
      at: now,
    };
  }

  it('enters a call once, and only for the worker that holds the run', async () => {
    const call = await aCall();

    expect(await inTenant((tx) => ledger.enter(tx, { ...call, fence: 2 }))).toBe(false);
    expect(await inTenant((tx) => ledger.enter(tx, call))).toBe(true);
    expect(await inTenant((tx) => ledger.enter(tx, call))).toBe(false);
    expect(await inTenant((tx) => ledger.find(tx, call))).toEqual({ state: 'pending', attempt: 1, result: null });
  });

  it('commits once, and not for a worker whose call is no longer the pending one', async () => {
    const call = await aCall();
    await inTenant((tx) => ledger.enter(tx, call));
    const commit = (fence: number) => inTenant((tx) => ledger.commit(tx, call, fence, { ok: true }, now));

    expect([await commit(7), await commit(1), await commit(1)]).toEqual([false, true, false]);
    expect(await inTenant((tx) => ledger.find(tx, call))).toEqual({ state: 'committed', attempt: 1, result: { ok: true } });
    expect(await inTenant((tx) => ledger.retry(tx, call, 1))).toBe(false);
  });

  it('takes one approval for one call', async () => {
    const call = await aCall(newId('req'));
    await inTenant((tx) => ledger.enter(tx, call));

    expect(await inTenant((tx) => ledger.enter(tx, { ...call, position: 1 }))).toBe(false);
  });

  it('leaves out what had no effect, but keeps what was tried again', async () => {
    const call = await aCall();
    await inTenant((tx) => ledger.enter(tx, call));
    await inTenant((tx) => ledger.withdraw(tx, call));
    expect(await inTenant((tx) => ledger.find(tx, call))).toBeUndefined();

    await inTenant((tx) => ledger.enter(tx, call));
    await inTenant((tx) => ledger.doubt(tx, call));
    await inTenant((tx) => ledger.retry(tx, call, 1));
    await inTenant((tx) => ledger.withdraw(tx, call));

    expect(await inTenant((tx) => ledger.find(tx, call))).toMatchObject({ state: 'pending', attempt: 2 });
  });
});
