import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@support101/service-kit';
import { engines, type Prepared } from '@support101/service-testing';
import { addArticle, insertArticle, prepare } from '../../test/engines.js';
import { KnowledgeRepository } from './knowledge.repository.js';
import { articleText } from './knowledge.rules.js';

const repository = new KnowledgeRepository();
const now = new Date('2026-11-22T13:00:00.000Z');
const embedder = 'test/hashing-64';

describe.each(engines)('KnowledgeRepository on %s Postgres', (engine) => {
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const rows = <Row extends object>(statement: string, ...values: unknown[]) =>
    prepared.database.asSystem('test', (tx) => tx.query<Row>(statement, values));

  it('gives back what was written, and nothing to another tenant', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    const text = { title: 'Reset', content: 'One.\n\nTwo.', sourceUrl: 'https://a.example', tags: ['a', 'ü'] };
    const articleId = await addArticle(prepared, acme, text);

    const own = await prepared.database.forTenant(acme, (tx) => repository.find(tx, articleId));
    const foreign = await prepared.database.forTenant(globex, (tx) => repository.find(tx, articleId));

    expect(own).toMatchObject({ ...text, tenantId: acme, articleId, version: 1, indexedVersion: 0 });
    expect(foreign).toBeUndefined();
  });

  it('cannot be made to write a row of another tenant', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];

    const write = prepared.database.forTenant(acme, (tx) =>
      tx.query(`insert into passages (tenant_id, article_id, ordinal, text) values ($1, 'art_1', 0, 'x')`, [globex]),
    );

    await expect(write).rejects.toThrow('row-level security');
  });

  it('counts stems by field, and the words of the content', async () => {
    const tenantId = newId('ten');
    const articleId = await addArticle(prepared, tenantId, {
      title: 'Refunds',
      content: 'We refund what you **refunded** before.',
      tags: ['refund', 'money'],
    });

    const postings = await rows(
      'select in_title, in_tags, in_content from postings where article_id = $1 and lexeme = $2',
      articleId,
      'refund',
    );
    const [article] = await rows<{ length: number }>('select length from articles where article_id = $1', articleId);

    expect(postings).toEqual([{ in_title: 1, in_tags: 1, in_content: 2 }]);
    expect(article?.length).toBe(2);
  });

  it('puts new passages and postings in the place of the old ones', async () => {
    const tenantId = newId('ten');
    const articleId = await addArticle(prepared, tenantId, { content: 'Parcels.' });

    const replaced = await prepared.database.forTenant(tenantId, async (tx) => {
      const row = await repository.replace(tx, articleId, articleText({ title: 'T', content: 'Invoices.' }), now);
      await repository.savePassages(tx, row, ['Invoices.'], 'Invoices.');
      return row;
    });

    expect(replaced).toMatchObject({ version: 2, content: 'Invoices.', updatedAt: now });
    expect(await rows('select text from passages where article_id = $1', articleId)).toEqual([{ text: 'Invoices.' }]);
    expect(await rows('select 1 from postings where article_id = $1 and lexeme = $2', articleId, 'parcel')).toEqual([]);
  });

  it('lists newest first, page by page, by tag', async () => {
    const tenantId = newId('ten');
    const first = await addArticle(prepared, tenantId, { tags: ['a'] });
    const second = await addArticle(prepared, tenantId, { tags: ['a', 'b'] });
    const list = (before: typeof first | undefined, tag?: string) =>
      prepared.database.forTenant(tenantId, async (tx) => {
        const found = await repository.list(tx, { before, tag }, 10);
        return found.map(({ articleId }) => articleId);
      });

    expect(await list(undefined)).toEqual([second, first]);
    expect(await list(second)).toEqual([first]);
    expect(await list(undefined, 'b')).toEqual([second]);
    expect(await list(undefined, 'c')).toEqual([]);
  });

  it('deletes an article with everything of it', async () => {
    const tenantId = newId('ten');
    const articleId = await addArticle(prepared, tenantId, {});

    await prepared.database.forTenant(tenantId, (tx) => repository.delete(tx, articleId));

    expect(await rows('select 1 from passages where article_id = $1', articleId)).toEqual([]);
    expect(await rows('select 1 from postings where article_id = $1', articleId)).toEqual([]);
  });

  it('keeps the vectors of the present version only', async () => {
    const tenantId = newId('ten');
    const articleId = await addArticle(prepared, tenantId, { content: 'One.' });
    const vector = Buffer.from(Float32Array.of(1, -0.5).buffer);
    const save = (version: number) =>
      prepared.database.forTenant(tenantId, (tx) =>
        repository.saveVectors(tx, { tenantId, articleId, version }, [vector], embedder),
      );

    await save(7);
    expect(await rows('select vector from passages where article_id = $1', articleId)).toEqual([{ vector: null }]);
    await save(1);

    expect(await rows('select vector from passages where article_id = $1', articleId)).toEqual([{ vector }]);
    expect(await rows('select indexed_version, indexed_with from articles where article_id = $1', articleId)).toEqual([
      { indexed_version: 1, indexed_with: embedder },
    ]);
  });

  it('finds what is not indexed by the present embedder, over all tenants, page by page', async () => {
    const tenants = [newId('ten'), newId('ten')] as const;
    const waiting = [await addArticle(prepared, tenants[0], {}), await addArticle(prepared, tenants[1], {})];
    const due = (by: string) =>
      prepared.database.asSystem('job-refill', async (tx) => {
        const first = await repository.unindexed(tx, by, { tenantId: tenants[0], articleId: newId('art'), version: 1 }, 1);
        return [...(await repository.unindexed(tx, by, undefined, 1000)), ...first].map(({ articleId }) => articleId);
      });
    expect(await due(embedder)).toEqual(expect.arrayContaining(waiting));

    for (const [index, tenantId] of tenants.entries()) {
      const articleId = waiting[index] ?? newId('art');
      await prepared.database.forTenant(tenantId, (tx) =>
        repository.saveVectors(tx, { tenantId, articleId, version: 1 }, [], embedder),
      );
    }

    expect(await due(embedder)).not.toEqual(expect.arrayContaining([waiting[0]]));
    expect(await due('another/model')).toEqual(expect.arrayContaining(waiting));
  });

  it('forgets everything of a tenant, and nothing of another', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    await addArticle(prepared, acme, {});
    await addArticle(prepared, globex, {});

    await prepared.database.forTenant(acme, (tx) => repository.deleteAll(tx));

    expect(await rows('select 1 from articles where tenant_id = $1', acme)).toEqual([]);
    expect(await rows('select 1 from articles where tenant_id = $1', globex)).toHaveLength(1);
  });

  it('counts a revision for every change, in the order of the commits', async () => {
    const tenantId = newId('ten');
    const add = () => prepared.database.forTenant(tenantId, (tx) => insertArticle(tx, {}));

    await Promise.all([add(), add(), add(), add()]);

    const found = await rows<{ revision: string }>(
      'select revision from articles where tenant_id = $1 order by revision',
      tenantId,
    );
    expect(found.map(({ revision }) => Number(revision))).toEqual([1, 2, 3, 4]);
  });
});
