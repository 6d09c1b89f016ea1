import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines, type Prepared } from '@support101/service-testing';
import { addArticle, prepare } from '../../test/engines.js';
import { KnowledgeRepository } from '../knowledge/knowledge.repository.js';
import { textWeights } from './retrieval-ranking.rules.js';
import { RetrievalRepository } from './retrieval.repository.js';
import { termsOf } from './retrieval-terms.rules.js';

const repository = new RetrievalRepository();

describe.each(engines)('RetrievalRepository on %s Postgres', (engine) => {
  let prepared: Prepared;
  let tenantId: TenantId;

  beforeAll(async () => {
    prepared = await prepare(engine);
    tenantId = newId('ten');
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const match = (question: string, tenant = tenantId, limit = 10) =>
    prepared.database.forTenant(tenant, (tx) =>
      repository.match(
        tx,
        termsOf(question, new Map([['parcel', [{ words: ['parcel'], others: ['package'] }]]])),
        textWeights,
        limit,
      ),
    );

  it('finds other forms of a word, a title more than a text, and a rare word more than a common one', async () => {
    const titled = await addArticle(prepared, tenantId, { title: 'Refunds', content: 'About money for orders.' });
    const told = await addArticle(prepared, tenantId, { title: 'Orders', content: 'An order may be refunded.' });
    const other = await addArticle(prepared, tenantId, { title: 'Packages', content: 'Orders come in packages.' });

    const refund = await match('refunding');
    const both = await match('order package');

    expect(refund.articles.map(({ articleId }) => articleId)).toEqual([titled, told]);
    expect(both.articles[0]?.articleId).toBe(other);
    expect(both.rarity).toBeGreaterThan(refund.rarity);
  });

  it('counts a synonym, but less than the word', async () => {
    const direct = await match('package');
    const detour = await match('parcel');

    expect(detour.articles).toHaveLength(1);
    expect(detour.articles[0]?.gain).toBeCloseTo((direct.articles[0]?.gain ?? 0) * 0.6);
  });

  it('counts a word once however often the question says it', async () => {
    const [once, often] = [await match('package'), await match('package packages packaged')];

    expect(often.articles[0]?.gain).toBeCloseTo(once.articles[0]?.gain ?? 0);
  });

  it.each(['the and of', '???', "'; drop table articles; --", 'x & | ! <-> :*'])(
    'takes %j as words and finds nothing',
    async (question) => {
      expect((await match(question)).articles).toEqual([]);
    },
  );

  it('keeps to the limit, and to the tenant', async () => {
    expect((await match('order', tenantId, 1)).articles).toHaveLength(1);
    expect(await match('order', newId('ten'))).toEqual({ rarity: expect.any(Number), articles: [] });
  });

  it('loads articles with their passages in order, and vectors only of the present version and embedder', async () => {
    const tenant = newId('ten');
    const content = Array.from({ length: 3 }, (_, index) => `part ${index} ${'word '.repeat(70)}`.trim()).join('\n\n');
    const articleId = await addArticle(prepared, tenant, { content });
    const vectors = [1, 2, 3].map((value) => Buffer.from(Float32Array.of(value).buffer));
    await prepared.database.forTenant(tenant, (tx) =>
      new KnowledgeRepository().saveVectors(tx, { tenantId: tenant, articleId, version: 1 }, vectors, 'model/a'),
    );
    const load = (embedder: string) =>
      prepared.database.forTenant(tenant, async (tx) => {
        const [article] = await repository.load(tx, [articleId], embedder);
        return article?.passages.map(({ text, vector }) => [text.slice(0, 6), vector?.readFloatLE() ?? null]);
      });

    expect(await load('model/a')).toEqual([
      ['part 0', 1],
      ['part 1', 2],
      ['part 2', 3],
    ]);
    expect(await load('model/b')).toEqual([
      ['part 0', null],
      ['part 1', null],
      ['part 2', null],
    ]);
  });

  it('loads the answer of a golden path as it was given, and none of an article', async () => {
    const [tenant, pathId] = [newId('ten'), newId('gpt')];
    const given = { title: 'How?', content: 'In one paragraph. '.repeat(200), sourceUrl: null, tags: [] };
    const knowledge = new KnowledgeRepository();
    const articleId = await addArticle(prepared, tenant, {});
    const loaded = await prepared.database.forTenant(tenant, async (tx) => {
      const row = await knowledge.insert(tx, pathId, given, new Date('2026-11-22T12:00:00.000Z'));
      await knowledge.savePassages(tx, row, ['How?', given.content.slice(0, 900), given.content.slice(900)], given.content);
      return repository.load(tx, [articleId, pathId], 'model/a');
    });

    expect(new Map(loaded.map((entry) => [entry.articleId, entry.answer]))).toEqual(
      new Map<string, string | null>([
        [articleId, null],
        [pathId, given.content],
      ]),
    );
  });

  it('knows the revision of a tenant and of its articles', async () => {
    const tenant = newId('ten');
    const read = () =>
      prepared.database.forTenant(tenant, async (tx) => ({
        revision: await repository.revision(tx),
        outline: await repository.outline(tx),
      }));
    const before = await read();
    const articleId = await addArticle(prepared, tenant, {});

    expect(before).toEqual({ revision: undefined, outline: new Map() });
    expect(await read()).toEqual({ revision: '1', outline: new Map([[articleId, '1']]) });
  });
});
