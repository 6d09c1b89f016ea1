import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Caller, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { deadLetterContracts } from '@support101/contracts/messaging';
import { apiKeyCreated } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { adminOf } from '@support101/service-testing';
import { anExampleOf, eventually } from '@support101/testing';
import { asOwner } from './engines.js';
import { LoneGovernance } from './lone-governance.js';

const letters = deadLetterContracts('governance');
const platform: Caller = { principal: { type: 'platform', id: 'platform', roles: [] }, correlationId: 'cor_platform' };

let governance: LoneGovernance;
let admin: TenantCaller;

beforeAll(async () => {
  governance = await LoneGovernance.boot();
});
afterAll(() => governance?.close());
beforeEach(() => {
  admin = adminOf(newId('ten'));
});

const audit = async (eventType: 'event_dead_lettered' | 'event_replayed' | 'api_key_created') =>
  (await governance.ask(contract.listAudit, { eventType }, admin)).data;

/** A key is created, and the consumer of `decisions` throws each time it hears of it, until the table is there again. */
async function poison(): Promise<{ eventId: string; keyId: string }> {
  const keyId = newId('key');
  const data = anExampleOf(apiKeyCreated.data, { keyId, name: 'the name nobody else should see' });
  await asOwner(governance, 'alter table credentials rename to credentials_away');
  const happened = governance.happened(apiKeyCreated, data, admin);
  // The waits between the attempts.
  const waiting = eventually(async () => {
    await governance.clock.advance(30_000);
    expect((await governance.ask(letters.list, { tenantId: admin.tenantId }, platform)).data).toHaveLength(1);
  }, 20_000);
  const [event] = await Promise.all([happened, waiting]);
  return { eventId: event.id, keyId };
}

describe('an event whose consumer always throws', () => {
  it('is on the audit as itself, and as a dead letter by durable, event and reason; the chain goes on and holds', async () => {
    const { eventId } = await poison();

    const [entry] = await eventually(async () => {
      const found = await audit('event_dead_lettered');
      expect(found).toHaveLength(1);
      return found;
    });
    expect(entry).toMatchObject({
      ...{ action: 'messaging.dead-letters.kept', resource: `event:${eventId}`, outcome: 'failure' },
      principal: { type: 'service', id: 'governance' },
      details: {
        ...{ service: 'governance', durable: 'decisions', eventId, eventType: apiKeyCreated.type, attempts: 5 },
        reason: expect.stringContaining('credentials'),
      },
    });
    expect(JSON.stringify(entry)).not.toContain('nobody else');
    expect(await audit('api_key_created')).toMatchObject([{ eventId }]);
    expect(await governance.ask(contract.verifyAudit, {}, admin)).toMatchObject({ valid: true });
    await asOwner(governance, 'alter table credentials_away rename to credentials');
  });

  it('is handled when the platform replays it after the cause is gone, and that is on the audit too', async () => {
    const { eventId, keyId } = await poison();
    const key = { eventId, tenantId: admin.tenantId, durable: 'decisions' } as never;
    const failed = await governance.ask(letters.replay, key, platform);
    await asOwner(governance, 'alter table credentials_away rename to credentials');

    const replayed = await governance.ask(letters.replay, key, platform);

    expect([failed, replayed]).toEqual([{ handled: false, reason: expect.stringContaining('credentials') }, { handled: true }]);
    expect((await governance.ask(letters.list, { tenantId: admin.tenantId }, platform)).data).toEqual([]);
    const entries = await eventually(async () => {
      const found = await audit('event_replayed');
      expect(found).toHaveLength(2);
      return found;
    });
    expect(entries.map(({ outcome, principal }) => [outcome, principal.type])).toEqual([
      ['success', 'platform'],
      ['failure', 'platform'],
    ]);
    const held = await governance.ask(contract.getPermissions, { principalId: keyId }, admin);
    expect(held).toMatchObject({ credential: expect.any(Object) });
  });
});
