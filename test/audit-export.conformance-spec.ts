import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@support101/testing';
import { ApiClient } from './api-client.js';
import type { Product } from './product.js';
import { standingProduct } from './standing-product.js';

// What an auditor takes away, through the public API: the audit as a file in three forms, whole, in order, of one tenant.

type Entry = Readonly<Record<string, unknown>>;

const path = '/v1/governance/audit/export';
/** A request id that a spreadsheet would compute. */
const oddId = '-1-1';

let product: Product;
let platform: ApiClient;
const keys = { acme: '', viewer: '', globex: '' };
const ids = { acme: '', globex: '', agent: '', runs: [] as string[] };
/** The time of an entry in the middle. */
let middle = '';

const text = (value: unknown): string => String(value);

async function tenant(name: string): Promise<string> {
  const made = await platform.post('/v1/tenants', { name, tier: 'enterprise', autoActivate: true });
  return text(made.body['tenantId']);
}

async function keyOf(tenantId: string, role: string): Promise<string> {
  const { body } = await platform.post(`/v1/tenants/${tenantId}/api-keys`, { name: role, roles: [role] });
  return text(body['key']);
}

/** The file that an export answers with. */
async function file(query: string, key = keys.viewer): Promise<{ status: number; headers: Headers; body: string }> {
  const response = await fetch(`${product.url}${path}${query}`, { headers: { authorization: `Bearer ${key}` } });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

async function entries(query = '?format=ndjson', key = keys.viewer): Promise<Entry[]> {
  const { body } = await file(query, key);
  return body.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Entry]));
}

/** Everything that the list shows, oldest first, up to a sequence. */
async function listed(upTo: number, filters = ''): Promise<Entry[]> {
  const client = new ApiClient(product.url, keys.viewer);
  const found: Entry[] = [];
  for (let cursor = ''; ;) {
    const { body } = await client.get(`/v1/governance/audit?limit=100${filters}${cursor}`);
    found.push(...body.data);
    if (body['nextCursor'] === null) return found.filter(({ sequence }) => Number(sequence) <= upTo).reverse();
    cursor = `&cursor=${text(body['nextCursor'])}`;
  }
}
const lastOf = (found: readonly Entry[]) => Number(found.at(-1)?.['sequence'] ?? 0);

/** The rows of a CSV file as RFC 4180 has it. */
function rowsOf(csv: string): string[][] {
  const rows: string[][] = [];
  for (const [, quoted, plain = '', end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    const row = rows.at(-1) ?? rows[rows.push([]) - 1];
    row?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

beforeAll(async () => {
  product = await standingProduct();
  platform = new ApiClient(product.url, product.platformKey);
  [ids.acme, ids.globex] = [await tenant('Acme'), await tenant('Globex')];
  keys.acme = await keyOf(ids.acme, 'admin');
  keys.viewer = await keyOf(ids.acme, 'viewer');
  keys.globex = await keyOf(ids.globex, 'admin');
  const acme = new ApiClient(product.url, keys.acme);
  const article = { title: 'Reset, "quickly"', content: 'Open the sign-in page, choose Forgot password,\nand open the link.' };
  await acme.post('/v1/learning/knowledge', article, { 'x-request-id': oddId });
  ids.agent = text((await acme.post('/v1/agents', { blueprint: 'support_agent', name: 'Helper' })).body['agentId']);
  for (const query of ['How do I reset my password?', 'Where is my password?']) {
    const run = await acme.post(`/v1/agents/${ids.agent}/execute`, { input: { query } });
    ids.runs.push(text(run.body['runId']));
  }
  const found = await eventually(async () => {
    const recorded = await entries();
    const has = (name: string, value: string) => recorded.some((entry) => entry[name] === value);
    if (!ids.runs.every((runId) => has('runId', runId)) || !has('correlationId', oddId)) throw new Error('not recorded yet');
    return recorded;
  }, 20_000);
  middle = text(found[5]?.['time']);
}, 180_000);

describe('the export of the audit', () => {
  it('is what the list shows, oldest first, in one chain', async () => {
    const found = await entries();

    expect(found).toEqual(await listed(lastOf(found)));
    expect(found.length).toBeGreaterThan(10);
    expect(found.map((entry) => entry['sequence'])).toEqual(found.map((_, index) => index + 1));
    const before = ['0'.repeat(64), ...found.map((entry) => entry['hash'])];
    expect(found.map((entry) => entry['previousHash'])).toEqual(before.slice(0, -1));
    expect((await new ApiClient(product.url, keys.viewer).get('/v1/governance/audit/verify')).body).toMatchObject({
      valid: true,
    });
  });

  it('is JSON, too', async () => {
    const { status, headers, body } = await file('?format=json');

    const found = JSON.parse(body) as Entry[];
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(headers.get('content-disposition')).toMatch(
      new RegExp(`^attachment; filename="audit-${ids.acme}-[0-9]{8}T[0-9]{6}Z\\.json"$`),
    );
    expect(found).toEqual(await listed(lastOf(found)));
  });

  it('is CSV that a spreadsheet shows and does not compute', async () => {
    const { headers, body } = await file('?format=csv');

    const [head = [], ...rows] = rowsOf(body);
    const column = (name: string) => rows.map((row) => row[head.indexOf(name)]);
    const found = await listed(Number(column('sequence').at(-1)));
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(rows.every((row) => row.length === head.length)).toBe(true);
    expect(column('hash')).toEqual(found.map((entry) => entry['hash']));
    expect(column('principal.type')).toEqual(found.map((entry) => (entry['principal'] as { type: string }).type));
    expect(column('details').map((cell) => JSON.parse(text(cell)) as unknown)).toEqual(found.map((entry) => entry['details']));
    expect(column('correlationId')).toContain(`'${oddId}`);
    expect(column('correlationId')).not.toContain(oddId);
  });

  it.each([
    ['eventType', () => 'eventType=execution_started'],
    ['agentId', () => `agentId=${ids.agent}`],
    ['runId', () => `runId=${text(ids.runs[1])}`],
    ['principalId', () => 'principalId=platform'],
    ['from', () => `from=${middle}`],
    ['to', () => `to=${middle}`],
    ['eventType and from', () => `eventType=execution_started&from=${middle}`],
  ])('keeps to the filter %s as the list does', async (_, filter) => {
    const all = await entries();
    const found = await entries(`?format=ndjson&${filter()}`);

    expect(found).toEqual(await listed(lastOf(found), `&${filter()}`));
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(all.length);
  });

  it('is empty and valid where nothing matches', async () => {
    const none = '&to=2020-01-01T00:00:00Z';

    expect(JSON.parse((await file(`?format=json${none}`)).body)).toEqual([]);
    expect((await file(`?format=ndjson${none}`)).body).toBe('');
    expect(rowsOf((await file(`?format=csv${none}`)).body)).toEqual([
      expect.arrayContaining(['sequence', 'hash', 'previousHash']),
    ]);
  });

  it('has nothing of another tenant', async () => {
    const found = await entries('?format=ndjson', keys.globex);

    expect(new Set(found.map((entry) => entry['tenantId']))).toEqual(new Set([ids.globex]));
    const named = await fetch(`${product.url}${path}`, {
      headers: { authorization: `Bearer ${keys.globex}`, 'x-tenant-id': ids.acme },
    });
    expect(named.status).toBe(404);
  });

  it.each(['?format=xml', '?format=csv&colour=red', '?cursor=x'])('refuses %s', async (query) => {
    const { status, body } = await file(query);

    expect([status, (JSON.parse(body) as { code: string }).code]).toEqual([400, 'validation_failed']);
  });

  it('is on the audit itself: who, what, in which form, how much', async () => {
    const filter = `runId=${text(ids.runs[0])}`;
    const count = (await entries(`?format=ndjson&${filter}`)).length;

    await eventually(async () => {
      const found = await entries('?format=ndjson&eventType=data_accessed');
      const details = { format: 'ndjson', filters: { runId: ids.runs[0] } };
      const note = { resource: 'operation:governance.audit.export.v1', outcome: 'success', principal: { type: 'key' } };
      const noted = (action: string) => found.filter((entry) => entry['action'] === action);
      expect(noted('gateway.exports.started')).toContainEqual(
        expect.objectContaining({ ...note, principal: expect.objectContaining(note.principal), details }),
      );
      expect(noted('gateway.exports.ended')).toContainEqual(
        expect.objectContaining({
          ...note,
          principal: expect.objectContaining(note.principal),
          details: { ...details, entries: count },
        }),
      );
    }, 20_000);
  });
});
