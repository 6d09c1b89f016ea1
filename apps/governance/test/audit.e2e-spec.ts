import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type EventEnvelope, type EventId, type InputOf, type TenantCaller, type TenantId } from '@support101/contracts';
import * as runtime from '@support101/contracts/agent-runtime';
import { registry } from '@support101/contracts/all';
import * as contract from '@support101/contracts/governance';
import { articleCreated } from '@support101/contracts/learning';
import { apiKeyCreated } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { adminOf } from '@support101/service-testing';
import { asOwner } from './engines.js';
import { LoneGovernance } from './lone-governance.js';

let governance: LoneGovernance;
let acme: TenantId;
let admin: TenantCaller;

beforeAll(async () => {
  governance = await LoneGovernance.boot();
});

beforeEach(() => {
  acme = newId('ten');
  admin = adminOf(acme);
});

afterAll(async () => {
  await governance?.close();
});

const blueprint = { blueprint: 'support_agent', blueprintVersion: '1.0.0' };
const article = (title: string) => ({ articleId: newId('art'), title, version: 1 });
const wrote = (caller = admin, title = 'Refunds') => governance.happened(articleCreated, article(title), caller);
const refusal = (given: Partial<InputOf<typeof contract.recordAudit>['entries'][number]> = {}) => ({
  eventId: newId('evt'),
  eventType: 'security_violation' as const,
  action: 'agent-runtime.runs.start',
  resource: 'agent:x',
  outcome: 'forbidden',
  principal: { type: 'key', id: 'key_of_a_viewer' },
  correlationId: 'cor_2',
  details: { level: 'execute' },
  time: governance.clock.now().toISOString(),
  ...given,
});
const record = (...entries: ReturnType<typeof refusal>[]) =>
  governance.ask(contract.recordAudit, { tenantId: acme, entries }, admin);
const list = (input: Omit<InputOf<typeof contract.listAudit>, 'limit'> & { limit?: number } = {}) =>
  governance.ask(contract.listAudit, input, admin);
const ids = (page: { data: { eventId: EventId }[] }) => page.data.map(({ eventId }) => eventId);
const idsOf = (events: EventEnvelope[]) => events.map(({ id }) => id);

describe('an event of any service', () => {
  it('is an entry with who, what, to what, how it ended, and what it said', async () => {
    const run = { runId: newId('run'), agentId: newId('agt'), ...blueprint };
    const event = await governance.happened(runtime.runStarted, run, admin);

    const entry = await governance.ask(contract.getAuditEntry, { eventId: event.id }, admin);

    expect(entry).toEqual({
      eventId: event.id,
      tenantId: acme,
      sequence: 1,
      eventType: 'execution_started',
      action: 'agent-runtime.runs.started',
      resource: `run:${run.runId}`,
      outcome: 'success',
      principal: { type: 'key', id: 'key_of_a_test' },
      agentId: run.agentId,
      runId: run.runId,
      requestId: null,
      correlationId: 'cor_of_a_test',
      details: run,
      time: event.time,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      previousHash: '0'.repeat(64),
    });
  });

  it('is recorded once, however often it comes', async () => {
    const event = await wrote();

    await Promise.all([governance.tell({ ...event }), governance.tell({ ...event, outcome: 'other' })]);

    expect(await list()).toMatchObject({ data: [{ eventId: event.id, sequence: 1, outcome: 'success' }] });
  });

  it('is recorded also when no contract knows its type, or its data do not fit', async () => {
    const strange = await governance.happened(articleCreated, {} as never, admin, {
      type: 'later.things.made.v1',
      subject: 'thing:1',
    });
    const misfit = await governance.happened(articleCreated, { articleId: 7 } as never, admin);

    expect((await list()).data).toMatchObject([
      { eventId: misfit.id, eventType: 'data_modified', details: { articleId: 7 } },
      { eventId: strange.id, eventType: 'unknown_event', action: 'later.things.made', resource: 'thing:1' },
    ]);
  });

  it('that is large or odd is stored so that it can be shown', async () => {
    const odd = await governance.happened(
      articleCreated,
      { title: 'short', body: 'x"'.repeat(200_000), nul: 'a\u0000b', half: '\ud800' } as never,
      admin,
      { outcome: 'a\u0000b' },
    );

    const entry = await governance.ask(contract.getAuditEntry, { eventId: odd.id }, admin);

    expect(entry).toMatchObject({ outcome: 'a\ufffdb', details: { title: 'short', nul: 'a\ufffdb', half: '\ufffd' } });
    expect(entry.details['omitted']).toEqual({ bytes: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await governance.ask(contract.verifyAudit, {}, admin)).toMatchObject({ valid: true });
  });

  it('of a new API key names the key and holds no secret', async () => {
    const secret = 's101_4kJ2mQx8Zr1_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM';
    const data = { tenantId: acme, keyId: newId('key'), name: `x ${secret}`, roles: ['viewer' as const], secret, key: secret };
    await governance.happened(apiKeyCreated, data, admin);

    const page = await governance.ask(contract.auditOfSecurity, {}, admin);

    expect(page.data).toMatchObject([
      { eventType: 'api_key_created', resource: `api-key:${data.keyId}`, details: { keyId: data.keyId } },
    ]);
    expect(JSON.stringify(page)).not.toContain('0123456789abcdef');
  });

  it('carries no field for a secret in any contract', () => {
    const secretive = registry.events.filter(({ data }) =>
      Object.keys(data.shape).some((field) => /^(key|secret|password|token|hash|authorization)$/i.test(field)),
    );

    expect(secretive.map(({ type }) => type)).toEqual([]);
  });
});

describe('many events at once', () => {
  it('of several tenants become one whole chain each', async () => {
    const others = [admin, adminOf(newId('ten')), adminOf(newId('ten'))];
    await Promise.all(Array.from({ length: 300 }, (_, index) => wrote(others[index % 3], `${index}`)));

    const verified = await Promise.all(others.map((caller) => governance.ask(contract.verifyAudit, {}, caller)));

    expect(verified).toEqual(others.map(() => ({ valid: true, checked: 100, head: expect.any(String) })));
  });
});

describe('lists', () => {
  it('page through everything, newest first, and end', async () => {
    const events: EventEnvelope[] = [];
    for (let index = 0; index < 5; index += 1) events.unshift(await wrote());

    const first = await list({ limit: 2 });
    const second = await list({ limit: 2, cursor: first.nextCursor ?? '' });
    const third = await list({ limit: 2, cursor: second.nextCursor ?? '' });

    expect([...ids(first), ...ids(second), ...ids(third)]).toEqual(idsOf(events));
    expect(third.nextCursor).toBeNull();
  });

  it('end early where entries are large, and go on from there', async () => {
    const title = '"'.repeat(15_000);
    const events: EventEnvelope[] = [];
    for (let index = 0; index < 40; index += 1) events.unshift(await wrote(admin, title));

    const first = await list({ limit: 100 });
    const rest = await list({ limit: 100, cursor: first.nextCursor ?? '' });

    expect([...ids(first), ...ids(rest)]).toEqual(idsOf(events));
    expect(rest.data.length).toBeGreaterThan(5);
  });

  it('filter by type, agent, run, principal and time, alone and together', async () => {
    const run = { runId: newId('run'), agentId: newId('agt'), ...blueprint };
    const other = adminOf(acme);
    const started = await governance.happened(runtime.runStarted, run, admin);
    await governance.clock.advance(60_000);
    const second = { ...other, principal: { ...other.principal, id: 'key_2' } };
    const made = await governance.happened(articleCreated, article('x'), second);
    await governance.clock.advance(60_000);
    const again = await governance.happened(runtime.runStarted, { ...run, runId: newId('run') }, admin);

    const found = await Promise.all([
      list({ eventType: 'execution_started' }),
      list({ agentId: run.agentId }),
      list({ runId: run.runId }),
      list({ principalId: 'key_2' }),
      list({ from: made.time }),
      list({ to: made.time }),
      list({ from: started.time, to: again.time, eventType: 'execution_started', agentId: run.agentId }),
      list({ from: again.time, to: started.time }),
      governance.ask(contract.auditOfAgent, { agentId: run.agentId }, admin),
    ]);

    expect(found.map(ids)).toEqual([
      [again.id, started.id],
      [again.id, started.id],
      [started.id],
      [made.id],
      [again.id, made.id],
      [started.id],
      [started.id],
      [],
      [again.id, started.id],
    ]);
  });

  it('show the trail of a run in the order in which it happened, people’s part included', async () => {
    const run = { runId: newId('run'), agentId: newId('agt'), ...blueprint };
    const requestId = newId('req');
    const wish = { type: 'review', priority: 'high', title: 'x', question: 'y', context: {}, step: 2 } as const;
    const { blueprint: _, blueprintVersion: __, ...identity } = run;
    const trail = [
      await governance.happened(runtime.runStarted, run, admin),
      await governance.happened(
        runtime.runHumanRequested,
        { ...run, ...wish, options: ['edit'], evidence: [], requestId },
        admin,
      ),
      await governance.happened(runtime.runResumed, { ...identity, requestId, decision: 'edit' }, admin),
    ];
    await wrote();

    const first = await governance.ask(contract.auditOfRun, { runId: run.runId, limit: 2 }, admin);
    const rest = await governance.ask(contract.auditOfRun, { runId: run.runId, cursor: first.nextCursor ?? '' }, admin);
    const humans = await governance.ask(contract.auditOfHumans, {}, admin);

    expect([...ids(first), ...ids(rest)]).toEqual(idsOf(trail));
    expect(rest.data).toMatchObject([{ outcome: 'edit', requestId, runId: run.runId, agentId: run.agentId }]);
    expect(ids(humans)).toEqual(idsOf(trail.slice(1)).reverse());
  });

  it('of humans and of security keep to a period', async () => {
    await record(refusal());
    const before = governance.clock.now().toISOString();
    await governance.clock.advance(1_000);
    const later = refusal();
    await record(later);

    const page = await governance.ask(contract.auditOfSecurity, { from: new Date(Date.parse(before) + 1).toISOString() }, admin);
    const none = await governance.ask(contract.auditOfHumans, { to: before }, admin);

    expect([ids(page), ids(none)]).toEqual([[later.eventId], []]);
  });

  it.each([
    ['list', contract.listAudit, {}],
    ['of an agent', contract.auditOfAgent, { agentId: newId('agt') }],
    ['of a run', contract.auditOfRun, { runId: newId('run') }],
    ['of humans', contract.auditOfHumans, {}],
    ['of security', contract.auditOfSecurity, {}],
  ] as const)('refuse a cursor that is none: %s', async (_, rpc, input) => {
    for (const cursor of ['x', btoa('["1"]'), btoa('[0]'), btoa('[1.5]'), btoa('[1,2]')]) {
      await expect(governance.ask(rpc as typeof contract.listAudit, { ...input, cursor }, admin)).rejects.toMatchObject({
        code: 'cursor_invalid',
      });
    }
  });

  it('show a tenant nothing of another one', async () => {
    const event = await wrote();
    const globex = adminOf(newId('ten'));

    const [page, humans] = await Promise.all([
      governance.ask(contract.listAudit, {}, globex),
      governance.ask(contract.auditOfSecurity, {}, globex),
    ]);

    expect([page.data, humans.data]).toEqual([[], []]);
    await expect(governance.ask(contract.getAuditEntry, { eventId: event.id }, globex)).rejects.toMatchObject({
      code: 'audit_entry_not_found',
    });
  });
});

describe('what has no event', () => {
  it('is recorded once by its id', async () => {
    const [first, second] = [refusal(), refusal({ eventType: 'rate_limit_exceeded', agentId: newId('agt') })];

    const counts = [await record(first, first), await record(first, second)];

    expect(counts).toEqual([{ recorded: 1 }, { recorded: 1 }]);
    expect((await list()).data).toMatchObject([
      { eventId: second.eventId, sequence: 2, agentId: second.agentId },
      { eventId: first.eventId, sequence: 1, outcome: 'forbidden', principal: first.principal, details: { level: 'execute' } },
    ]);
  });
});

describe('verify', () => {
  const verify = () => governance.ask(contract.verifyAudit, {}, admin);
  const tamper = (statement: string) => asOwner(governance, statement.replaceAll(':acme', `'${acme}'`));
  const five = async () => {
    for (let index = 0; index < 5; index += 1) await wrote();
  };

  it('finds a chain that is not there whole', async () => {
    expect(await verify()).toEqual({ valid: true, checked: 0, head: '0'.repeat(64) });
  });

  it.each([
    ['altered', "update audit_entries set outcome = 'other' where tenant_id = :acme and sequence = 3", 3, 2],
    ['altered', "update audit_entries set details = details || ' ' where tenant_id = :acme and sequence = 1", 1, 0],
    [
      'altered',
      `update audit_entries set happened_at = happened_at + interval '1 ms' where tenant_id = :acme and sequence = 5`,
      5,
      4,
    ],
    ['gap', 'delete from audit_entries where tenant_id = :acme and sequence = 3', 3, 2],
    ['gap', 'delete from audit_entries where tenant_id = :acme and sequence = 1', 1, 0],
    ['head_mismatch', 'delete from audit_entries where tenant_id = :acme and sequence = 5', 5, 4],
    ['head_mismatch', 'delete from audit_entries where tenant_id = :acme', 1, 0],
    ['head_mismatch', 'update audit_heads set sequence = 4 where tenant_id = :acme', 5, 5],
    ['head_mismatch', "update audit_heads set hash = repeat('0', 64) where tenant_id = :acme", 6, 5],
  ])('says %s: %s', async (problem, statement, firstBadSequence, checked) => {
    await five();
    const { head } = await verify();

    await tamper(statement);

    expect(await verify()).toMatchObject({ valid: false, problem, firstBadSequence, checked });
    expect(head).toMatch(/^[0-9a-f]{64}$/);
  });

  it('stands while links are added', async () => {
    await five();

    const [verdicts] = await Promise.all([Promise.all(Array.from({ length: 5 }, verify)), five(), five()]);

    expect(verdicts.map(({ valid }) => valid)).toEqual(Array(5).fill(true));
  });
});

it('answers every contract but the export, and gives every error they declare', () => {
  const isMeant = (subject: string) => subject.startsWith('governance.audit.') && subject !== contract.exportAudit.subject;

  expect(governance.unseen(isMeant)).toEqual([]);
});
