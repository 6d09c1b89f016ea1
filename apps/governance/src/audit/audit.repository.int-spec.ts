import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentId, RequestId, RunId, TenantId } from '@support101/contracts';
import { openDatabase } from '@support101/database';
import { newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import fc from 'fast-check';
import { asOwner, fact, prepare, type Prepared } from '../../test/engines.js';
import { type AuditFilter, AuditRepository, listStatement } from './audit.repository.js';
import { type AuditFact, storable } from './audit.rules.js';
import { AuditService } from './audit.service.js';

const someTexts = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 })).map(storable);

describe.each(engines)('AuditRepository (%s)', (engine) => {
  const links = new AuditRepository();
  let prepared: Prepared;
  let audit: AuditService;

  beforeAll(async () => {
    prepared = await prepare(engine);
    audit = new AuditService(prepared.database, links);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const append = (facts: readonly AuditFact[], service = audit, { database } = prepared) =>
    database.asSystem('audit-chain', (tx) => service.append(tx, facts));
  const verify = (tenantId: TenantId) =>
    audit.verify({ tenantId, principal: { type: 'key', id: 'x', roles: [] }, correlationId: 'x' }, new AbortController().signal);
  const chain = (tenantId: TenantId) =>
    prepared.database.forTenant(tenantId, (tx) => links.part(tx, tenantId, { after: 0, upTo: 1_000_000, limit: 1_000_000 }));

  it('gives back what was appended, whatever the texts and times, also one by one and in lists', async () => {
    const tenantId = newId('ten');
    const columns = fc.record({
      ...{ action: someTexts, resource: someTexts, outcome: someTexts, principalType: someTexts, principalId: someTexts },
      agentId: fc.option(someTexts) as fc.Arbitrary<AgentId | null>,
      runId: fc.option(someTexts) as fc.Arbitrary<RunId | null>,
      requestId: fc.option(someTexts) as fc.Arbitrary<RequestId | null>,
      correlationId: someTexts,
      details: fc.dictionary(someTexts, someTexts).map((value) => JSON.stringify(value)),
      time: fc
        .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
        .map((time) => time.toISOString()),
    });
    const facts = fc.sample(columns, 200).map((given) => fact(tenantId, given));
    const whole = [fact(tenantId, { time: '2026-11-22T12:00:00.000Z' }), fact(tenantId, { time: '2026-11-22T12:00:00.100Z' })];
    facts.push(...whole);

    await append(facts.slice(0, 1));
    await append(facts.slice(1));

    const kept = await chain(tenantId);
    const listed = await prepared.database.forTenant(tenantId, (tx) =>
      links.list(tx, tenantId, {}, { order: 'asc', limit: 999 }),
    );
    expect(kept).toMatchObject(facts);
    expect(listed).toEqual(kept);
    expect(kept.map(({ sequence }) => sequence)).toEqual(facts.map((_, index) => index + 1));
    expect(await verify(tenantId)).toMatchObject({ valid: true, checked: facts.length });
  });

  it('keeps one dense chain when several writers append at once, and each event once', async () => {
    const tenantIds = [newId('ten'), newId('ten')] as const;
    const other = await openDatabase({ url: prepared.url, schema: 'governance', embedded: engine === 'embedded' });
    const second = new AuditService(other, links);
    const facts = Array.from({ length: 60 }, (_, index) => fact(tenantIds[index % 2] ?? tenantIds[0]));

    const writing = facts.flatMap((each, index) => [
      append([each, facts[(index + 7) % 60] ?? each]),
      append([facts[(index + 1) % 60] ?? each, each], second, { ...prepared, database: other }),
    ]);
    const added = (await Promise.all(writing)).flat();
    await other.close();

    expect(added.map(({ eventId }) => eventId).sort()).toEqual(facts.map(({ eventId }) => eventId).sort());
    for (const tenantId of tenantIds) expect(await verify(tenantId)).toMatchObject({ valid: true, checked: 30 });
  });

  it.each([
    ['a separator in a field', "outcome = outcome || chr(31) || 'x'"],
    ['a field that slid into the next', "action = action || chr(31) || resource, resource = ''"],
    ['no run instead of an empty one', 'run_id = null'],
    ['a time that is none', "happened_at = 'infinity'"],
    ['a time long ago', "happened_at = '0044-03-15 BC'"],
  ])('shows an alteration by %s', async (_, change) => {
    const tenantId = newId('ten');
    await append([fact(tenantId), fact(tenantId, { runId: '' as RunId }), fact(tenantId)]);

    await asOwner(prepared, `update audit_entries set ${change} where tenant_id = '${tenantId}' and sequence = 2`);

    expect(await verify(tenantId)).toMatchObject({ valid: false, problem: 'altered', firstBadSequence: 2 });
  });

  describe('lists', () => {
    const tenantId = newId('ten');
    const [agentId, runId] = [newId('agt'), newId('run')];

    beforeAll(async () => {
      const minute = (index: number) => new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString();
      const rare = { agentId, runId, principalId: 'key_rare', eventType: 'api_key_created' } as const;
      const facts = Array.from({ length: 4_000 }, (_, index) =>
        fact(tenantId, { time: minute(index), runId: newId('run'), agentId: newId('agt'), ...(index % 400 === 7 ? rare : {}) }),
      );
      await append(facts);
      await asOwner(prepared, 'analyze audit_entries');
    });

    it.each<[string, AuditFilter, string]>([
      ['everything', {}, 'audit_entries_pkey'],
      ['a run', { runId }, 'audit_entries_run_idx'],
      ['an agent', { agentId }, 'audit_entries_agent_idx'],
      ['a principal', { principalId: 'key_rare' }, 'audit_entries_principal_idx'],
      ['one type', { types: ['api_key_created'] }, 'audit_entries_type_idx'],
      ['several types', { types: ['api_key_created', 'role_assigned', 'security_violation'] }, 'audit_entries_type_idx'],
      ['an hour long ago', { from: new Date('2026-01-01T01:00Z'), to: new Date('2026-01-01T02:00Z') }, 'audit_entries_time_idx'],
    ])('of %s read an index and no more', async (_, filter, index) => {
      const { text, values } = listStatement(tenantId, filter, { order: 'desc', after: 3_999, limit: 26 });

      const plan = await prepared.database.forTenant(tenantId, (tx) =>
        tx.query<{ 'QUERY PLAN': string }>(`explain (costs off) ${text}`, values),
      );

      const used = plan.map((row) => row['QUERY PLAN']).join('\n');
      expect(used).toContain(index);
      expect(used).not.toContain('Seq Scan');
    });

    it.each<[string, AuditFilter, string]>([
      ['everything', {}, 'audit_entries_pkey'],
      ['a run', { runId }, 'audit_entries_run_idx'],
      ['one type', { types: ['api_key_created'] }, 'audit_entries_type_idx'],
    ])('of %s from the beginning to a place do so too, and end there', async (_, filter, index) => {
      const place = { order: 'asc', after: 8, upTo: 2_008, limit: 201 } as const;
      const { text, values } = listStatement(tenantId, filter, place);

      const [plan, found] = await prepared.database.forTenant(tenantId, async (tx) => [
        await tx.query<{ 'QUERY PLAN': string }>(`explain (costs off) ${text}`, values),
        await links.list(tx, tenantId, filter, { ...place, limit: 9_999 }),
      ]);

      const used = plan.map((row) => row['QUERY PLAN']).join('\n');
      expect(used).toContain(index);
      expect(used).not.toContain('Seq Scan');
      expect(found.at(0)?.sequence).toBe(index === 'audit_entries_pkey' ? 9 : 408);
      expect(found.at(-1)?.sequence).toBe(2_008);
    });

    it('merge several types in the order of the chain', async () => {
      const place = { order: 'desc', limit: 5 } as const;
      const types = ['api_key_created', 'data_modified'] as const;

      const found = await prepared.database.forTenant(tenantId, (tx) => links.list(tx, tenantId, { types, runId }, place));
      const all = await prepared.database.forTenant(tenantId, (tx) => links.list(tx, tenantId, { types }, place));

      expect(found.map(({ sequence }) => sequence)).toEqual([3_608, 3_208, 2_808, 2_408, 2_008]);
      expect(all.map(({ sequence }) => sequence)).toEqual([4_000, 3_999, 3_998, 3_997, 3_996]);
    });
  });
});
