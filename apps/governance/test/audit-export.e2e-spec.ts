import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeCursor, type InputOf, type TenantCaller, type TenantId } from '@support101/contracts';
import * as runtime from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/governance';
import { articleCreated } from '@support101/contracts/learning';
import { newId } from '@support101/service-kit';
import { adminOf } from '@support101/service-testing';
import { emptyChain, follow, type AuditLink } from '../src/audit/audit.rules.js';
import { sha256 } from '../src/audit/audit.service.js';
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

const wrote = (title = 'Refunds', caller = admin) =>
  governance.happened(articleCreated, { articleId: newId('art'), title, version: 1 }, caller);
const writeMany = async (count: number) => {
  await Promise.all(Array.from({ length: count }, (_, index) => wrote(`${index}`)));
};

type Filters = Omit<InputOf<typeof contract.exportAudit>, 'cursor'>;

/** All entries of an export; `meanwhile` happens between its parts. */
async function exported(filters: Filters = {}, meanwhile: () => Promise<unknown> = async () => undefined, caller = admin) {
  const parts: contract.AuditEntry[][] = [];
  let cursor: string | undefined;
  do {
    const next: { cursor?: string } = cursor === undefined ? {} : { cursor };
    const page = await governance.ask(contract.exportAudit, { ...filters, ...next }, caller);
    parts.push(page.data);
    cursor = page.nextCursor ?? undefined;
    await meanwhile();
  } while (cursor !== undefined && parts.length < 100);
  return { parts, entries: parts.flat() };
}
const sequences = (entries: readonly contract.AuditEntry[]) => entries.map(({ sequence }) => sequence);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('an export', () => {
  it('has every entry as the list shows it, oldest first, over several parts', async () => {
    await writeMany(450);

    const { parts, entries } = await exported();

    expect(parts.map(({ length }) => length)).toEqual([200, 200, 50]);
    expect(sequences(entries)).toEqual(range(1, 450));
    const { data } = await governance.ask(contract.listAudit, { limit: 100 }, admin);
    expect(entries.slice(-100).reverse()).toEqual(data);
  });

  it('ends with what was the newest entry when it began, whatever is added meanwhile', async () => {
    await writeMany(401);

    const { parts, entries } = await exported({}, () => writeMany(30));

    expect([parts.length, entries.length, entries.at(-1)?.sequence]).toEqual([3, 401, 401]);
  });

  it('of nothing is empty, and stays so when something is added', async () => {
    expect(await exported({}, () => wrote())).toEqual({ parts: [[]], entries: [] });
  });

  it('holds what the hashes are over: the chain can be checked from it', async () => {
    await wrote('ü "x" \u0000');
    await governance.happened(articleCreated, { 2: 'b', 10: 'a', z: 1e21, y: [1.5, null, { '': true }] } as never, admin);
    await governance.happened(articleCreated, { body: 'x"'.repeat(200_000), title: 'long' } as never, admin);
    await wrote();

    const { entries } = await exported();
    const links = (JSON.parse(JSON.stringify(entries)) as contract.AuditEntry[]).map(
      ({ principal, details, ...entry }): AuditLink => ({
        ...entry,
        principalType: principal.type,
        principalId: principal.id,
        details: JSON.stringify(details),
      }),
    );

    const { head } = await governance.ask(contract.verifyAudit, {}, admin);
    expect(follow(emptyChain, links, sha256)).toEqual({ head: { sequence: 4, hash: head } });
  });

  it('divides large entries over more parts', async () => {
    for (let index = 0; index < 40; index += 1) await wrote('"'.repeat(15_000));

    const { parts, entries } = await exported();

    expect(parts.length).toBeGreaterThan(1);
    expect(sequences(entries)).toEqual(range(1, 40));
  });

  it('keeps to its filters in every part, as the list does', async () => {
    const run = { runId: newId('run'), agentId: newId('agt'), blueprint: 'support_agent', blueprintVersion: '1.0.0' };
    const started = await governance.happened(runtime.runStarted, run, admin);
    await governance.clock.advance(60_000);
    const other = { ...admin, principal: { ...admin.principal, id: 'key_2' } };
    const made = await wrote('x', other);
    await governance.clock.advance(60_000);
    await writeMany(250);

    const found = await Promise.all(
      [
        { eventType: 'execution_started' as const },
        { agentId: run.agentId },
        { runId: run.runId },
        { principalId: 'key_2' },
        { to: made.time },
        { from: made.time, eventType: 'data_modified' as const },
        { from: made.time, to: started.time },
      ].map((filters) => exported(filters)),
    );

    const ofTheRest = range(2, 252);
    expect(found.map(({ entries }) => sequences(entries))).toEqual([[1], [1], [1], [2], [1], ofTheRest, []]);
    expect(found.map(({ parts }) => parts.length)).toEqual([1, 1, 1, 1, 1, 2, 1]);
  });

  it('shows a tenant nothing of another one, whatever the cursor', async () => {
    await writeMany(3);
    const globex = adminOf(newId('ten'));

    const pages = await Promise.all(
      [{}, { cursor: encodeCursor([1, 3]) }].map((input) => governance.ask(contract.exportAudit, input, globex)),
    );

    expect(pages).toEqual([1, 2].map(() => ({ data: [], nextCursor: null })));
  });

  it('refuses a cursor that is none', async () => {
    const cursors = ['x', ...['[1]', '["1",2]', '[0,1]', '[1,0]', '[1,1.5]', '[1,2,3]'].map(btoa)];

    const codes = await Promise.all(
      cursors.map((cursor) =>
        governance.ask(contract.exportAudit, { cursor }, admin).then(
          () => 'taken',
          (error: { code?: string }) => error.code,
        ),
      ),
    );

    expect(codes).toEqual(cursors.map(() => 'cursor_invalid'));
  });
});

it('answers its contract and gives every error it declares', () => {
  expect(governance.unseen((subject) => subject === contract.exportAudit.subject)).toEqual([]);
});
