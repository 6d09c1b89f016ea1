import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeCursor, type TenantId } from '@support101/contracts';
import { runCompleted } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/learning';
import { newId } from '@support101/service-kit';
import { operatorOf } from '@support101/service-testing';
import { anExampleOf, eventually } from '@support101/testing';
import { HashingEmbedder } from './hashing-embedder.js';
import { aTenant, LoneLearning } from './lone-learning.js';

let learning: LoneLearning;

beforeAll(async () => {
  learning = await LoneLearning.boot(new HashingEmbedder());
});

afterAll(async () => {
  await learning?.close();
});

const code = (expected: string) => expect.objectContaining({ code: expected });

/** Lets a run end with the answer that a person gave to the question. */
async function taught(tenantId: TenantId, query: string, answer: string) {
  const ended = { ...learning.traced(query, answer), blueprint: 'support_agent', usedPathIds: [] };
  await learning.publish(runCompleted, tenantId, anExampleOf(runCompleted.data, ended));
}

describe('golden paths', () => {
  it('give the answer back as a person wrote it', async () => {
    const tenantId = aTenant();
    const answer = 'We take it back within thirty days. '.repeat(560).slice(0, 19_995).trim();

    await taught(tenantId, 'Do you take back lamps?', answer);

    await eventually(async () => {
      const { data } = await learning.ask(contract.searchKnowledge, { q: 'Do you take back lamps?' }, operatorOf(tenantId));
      expect(data).toMatchObject([{ kind: 'golden_path', text: answer }]);
    });
  });

  it('that are more than one message carries are read page by page, and found best first', async () => {
    const tenantId = aTenant();
    const ask = (input: object) => learning.ask(contract.listGoldenPaths, input, operatorOf(tenantId));
    for (let n = 0; n < 18; n += 1) await taught(tenantId, `Question number ${n}?`, '日本'.repeat(9900));

    const first = await ask({});
    const rest = await ask({ cursor: first.nextCursor ?? '' });
    const fitting = await ask({ query: 'Question number 3?', topK: 20 });
    const search = { q: 'Question number 3?', topK: 20 };
    const hits = await learning.ask(contract.searchKnowledge, search, operatorOf(tenantId));

    expect(new Set([...first.data, ...rest.data].map(({ question }) => question)).size).toBe(18);
    expect(rest.nextCursor).toBeNull();
    for (const found of [fitting.data.map(({ question }) => question), hits.data.map(({ title }) => title)]) {
      expect(found[0]).toBe('Question number 3?');
      expect(found.length).toBeGreaterThan(10);
    }
  }, 30_000);

  it.each([{ cursor: 'abc' }, { query: 'a', cursor: 'abc' }, { query: 'a', cursor: encodeCursor([newId('gpt')]) }])(
    'refuse %j: what fits a query is one page',
    async (input) => {
      await expect(learning.ask(contract.listGoldenPaths, input, operatorOf(aTenant()))).rejects.toEqual(code('cursor_invalid'));
    },
  );
});
