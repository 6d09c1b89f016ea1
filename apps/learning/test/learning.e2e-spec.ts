import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeCursor } from '@support101/contracts';
import * as contract from '@support101/contracts/learning';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { openModels, type Models } from '@support101/models';
import { operatorOf } from '@support101/service-testing';
import { eventually } from '@support101/testing';
import { HashingEmbedder } from './hashing-embedder.js';
import { aTenant, LoneLearning } from './lone-learning.js';

const unknownArticle = 'art_01jd5m6wz5f9r8x2k3c4v7b6n1';
const code = (expected: string) => expect.objectContaining({ code: expected });
const titles = ({ data }: { data: readonly { title: string }[] }) => data.map(({ title }) => title);

const embedder = new HashingEmbedder();
let learning: LoneLearning;

beforeAll(async () => {
  learning = await LoneLearning.boot(embedder);
});

afterAll(async () => {
  await learning?.close();
});

describe('an article', () => {
  it('is kept as it was given, and told about in an event', async () => {
    const tenantId = aTenant();
    const given = { title: 'Reset', content: '1. Open\n2. Save 🙂', sourceUrl: 'https://a.example/x', tags: ['a', 'a', 'b'] };

    const made = await learning.ask(contract.createArticle, given, operatorOf(tenantId));
    const read = await learning.ask(contract.getArticle, { articleId: made.articleId }, operatorOf(tenantId));

    expect(made).toMatchObject({ ...given, tags: ['a', 'b'], tenantId, version: 1 });
    expect({ ...read, indexed: made.indexed }).toEqual(made);
    const event = await learning.event(contract.articleCreated, tenantId);
    expect(event).toMatchObject({ subject: `article:${made.articleId}`, data: { title: 'Reset', version: 1 } });
  });

  it('is made once however often one idempotency key is sent', async () => {
    const caller = { ...operatorOf(aTenant()), idempotencyKey: 'first' };
    const input = { title: 'A', content: 'B' };

    const first = await learning.askForReply(contract.createArticle, input, caller);
    const again = await learning.askForReply(contract.createArticle, input, caller);

    expect(again.output).toEqual(first.output);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect((await learning.ask(contract.listArticles, {}, caller)).data).toHaveLength(1);
    await expect(learning.ask(contract.createArticle, { ...input, title: 'C' }, caller)).rejects.toEqual(
      code('idempotency_key_reused'),
    );
  });

  it('is replaced as a whole, with the next version and an event that names the changes', async () => {
    const tenantId = aTenant();
    const { articleId } = await learning.addIndexed(tenantId, { title: 'A', content: 'B', tags: ['t'] });

    const replaced = await learning.ask(
      contract.replaceArticle,
      { articleId, title: 'A', content: 'C', expectedVersion: 1 },
      operatorOf(tenantId),
    );

    expect(replaced).toMatchObject({ title: 'A', content: 'C', tags: [], sourceUrl: null, version: 2, indexed: false });
    expect((await learning.event(contract.articleUpdated, tenantId)).data.changed).toEqual(['content', 'tags']);
  });

  it('stays at its version when nothing is different', async () => {
    const caller = operatorOf(aTenant());
    const { articleId } = await learning.ask(contract.createArticle, { title: 'A', content: 'B' }, caller);

    const same = await learning.ask(contract.replaceArticle, { articleId, title: 'A', content: 'B', tags: [] }, caller);

    expect(same.version).toBe(1);
  });

  it('is not replaced by somebody who saw another version', async () => {
    const caller = operatorOf(aTenant());
    const { articleId } = await learning.ask(contract.createArticle, { title: 'A', content: 'B' }, caller);
    const change = { articleId, title: 'A', content: 'C', expectedVersion: 1 };
    const both = await Promise.allSettled([
      learning.ask(contract.replaceArticle, change, caller),
      learning.ask(contract.replaceArticle, { ...change, content: 'D' }, caller),
    ]);

    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(learning.ask(contract.replaceArticle, change, caller)).rejects.toEqual(code('version_mismatch'));
  });

  it('is gone after its deletion, from reads and searches', async () => {
    const tenantId = aTenant();
    const caller = operatorOf(tenantId);
    const { articleId } = await learning.addIndexed(tenantId, { title: 'Parcels', content: 'Track your parcel.' });
    expect(titles(await learning.ask(contract.searchKnowledge, { q: 'parcel' }, caller))).toEqual(['Parcels']);

    await learning.ask(contract.deleteArticle, { articleId }, caller);

    expect((await learning.ask(contract.searchKnowledge, { q: 'parcel' }, caller)).data).toEqual([]);
    await expect(learning.ask(contract.getArticle, { articleId }, caller)).rejects.toEqual(code('article_not_found'));
    expect((await learning.event(contract.articleDeleted, tenantId)).data.articleId).toBe(articleId);
  });

  it.each([
    [contract.getArticle, {}],
    [contract.replaceArticle, { title: 'A', content: 'B' }],
    [contract.deleteArticle, {}],
  ])('of another tenant is not there: %#', async (rpc, input) => {
    const { articleId } = await learning.ask(contract.createArticle, { title: 'A', content: 'B' }, operatorOf(aTenant()));

    for (const id of [articleId, unknownArticle] as const) {
      await expect(learning.ask(rpc, { ...input, articleId: id }, operatorOf(aTenant()))).rejects.toEqual(
        code('article_not_found'),
      );
    }
  });

  it.each([{ title: '' }, { content: 'a\u0000b' }, { content: '\ud800' }, { sourceUrl: 'javascript:alert(1)' }, { tags: [''] }])(
    'is refused with %j',
    async (bad) => {
      const input = { title: 'A', content: 'B', ...bad };

      await expect(learning.ask(contract.createArticle, input, operatorOf(aTenant()))).rejects.toEqual(code('validation_failed'));
    },
  );

  it('may be as long as the contract allows', async () => {
    const tenantId = aTenant();
    const content = `${'Long sentences about parcels and invoices. '.repeat(2300)}zebra`.slice(0, 100_000);

    await learning.addIndexed(tenantId, { title: 'Long', content });

    const { data } = await learning.ask(contract.searchKnowledge, { q: 'zebra' }, operatorOf(tenantId));
    expect(data[0]?.text).toContain('zebra');
  });

  it('is forgotten with its tenant, and only then', async () => {
    const [acme, globex] = [aTenant(), aTenant()];
    await learning.addIndexed(acme, {});
    await learning.addIndexed(globex, {});

    await learning.publish(tenantDeleted, acme, { tenantId: acme, force: true });

    await eventually(async () => {
      expect((await learning.ask(contract.listArticles, {}, operatorOf(acme))).data).toEqual([]);
    });
    expect((await learning.ask(contract.listArticles, {}, operatorOf(globex))).data).toHaveLength(1);
  });
});

describe('the list of articles', () => {
  it('goes on where the page before ended, newest first', async () => {
    const caller = operatorOf(aTenant());
    for (const title of ['one', 'two', 'three']) await learning.ask(contract.createArticle, { title, content: 'x' }, caller);

    const first = await learning.ask(contract.listArticles, { limit: 2 }, caller);
    const second = await learning.ask(contract.listArticles, { limit: 2, cursor: first.nextCursor ?? '' }, caller);

    expect(titles(first)).toEqual(['three', 'two']);
    expect([titles(second), second.nextCursor]).toEqual([['one'], null]);
    expect(first.data[0]).not.toHaveProperty('content');
  });

  it('can be of one tag', async () => {
    const caller = operatorOf(aTenant());
    await learning.ask(contract.createArticle, { title: 'A', content: 'x', tags: ['billing'] }, caller);
    await learning.ask(contract.createArticle, { title: 'B', content: 'x' }, caller);

    expect(titles(await learning.ask(contract.listArticles, { tag: 'billing' }, caller))).toEqual(['A']);
  });

  it.each(['nonsense', encodeCursor(['run_01jd5m6wz5f9r8x2k3c4v7b6n1']), encodeCursor(['art_1', 'x'])])(
    'refuses the cursor %s',
    async (cursor) => {
      await expect(learning.ask(contract.listArticles, { cursor }, operatorOf(aTenant()))).rejects.toEqual(
        code('cursor_invalid'),
      );
    },
  );
});

describe('the search', () => {
  it('finds an article by its words as soon as it is committed', async () => {
    const caller = operatorOf(aTenant());
    await learning.ask(contract.searchKnowledge, { q: 'anything' }, caller);

    for (const word of ['parcel', 'refund', 'invoice']) {
      await learning.ask(contract.createArticle, { title: `About the ${word}`, content: 'Words.' }, caller);
      const { data } = await learning.ask(contract.searchKnowledge, { q: `${word}s` }, caller);
      expect(data[0]).toMatchObject({ title: `About the ${word}`, text: 'Words.', sourceUrl: null });
    }
  });

  it('understands misspelt words by those of the tenant', async () => {
    const tenantId = aTenant();
    await learning.addIndexed(tenantId, { title: 'Your Quillfeather subscription', content: 'It renews.' });
    await learning.addIndexed(tenantId, { title: 'Parcels', content: 'They arrive.' });

    const { data } = await learning.ask(contract.searchKnowledge, { q: 'quilfaether subscribtion' }, operatorOf(tenantId));

    expect(data[0]).toMatchObject({ title: 'Your Quillfeather subscription' });
    expect(data[0]?.score).toBeGreaterThan(data[1]?.score ?? 1);
  });

  it('shows nothing of another tenant', async () => {
    const [acme, globex] = [aTenant(), aTenant()];
    await learning.addIndexed(acme, { title: 'The secret of Acme', content: 'Acme only.' });

    const { data } = await learning.ask(contract.searchKnowledge, { q: 'secret of Acme' }, operatorOf(globex));

    expect(data).toEqual([]);
  });

  it('sees a change at once, also in many searches at a time', async () => {
    const tenantId = aTenant();
    const caller = operatorOf(tenantId);
    const { articleId } = await learning.addIndexed(tenantId, { title: 'Before', content: 'Parcels.' });
    const search = () => learning.ask(contract.searchKnowledge, { q: 'parcels' }, caller);
    await search();

    await learning.ask(contract.replaceArticle, { articleId, title: 'After', content: 'Parcels.' }, caller);
    const found = await Promise.all(Array.from({ length: 10 }, search));

    expect(found.map((result) => titles(result))).toEqual(Array.from({ length: 10 }, () => ['After']));
  });

  it('gives as many hits as asked for, five unless told', async () => {
    const tenantId = aTenant();
    const caller = operatorOf(tenantId);
    for (let index = 0; index < 7; index += 1) {
      await learning.ask(contract.createArticle, { title: `Parcel ${index}`, content: 'Parcel.' }, caller);
    }

    expect((await learning.ask(contract.searchKnowledge, { q: 'parcel' }, caller)).data).toHaveLength(5);
    expect((await learning.ask(contract.searchKnowledge, { q: 'parcel', topK: 2 }, caller)).data).toHaveLength(2);
  });

  it.each(['???', "'; drop table articles; --", '\u{1f600}', 'the'])('takes %j, finds no reason to be sure', async (q) => {
    const tenantId = aTenant();
    await learning.addIndexed(tenantId, { title: 'Parcels', content: 'Track your parcel.' });

    const { data } = await learning.ask(contract.searchKnowledge, { q }, operatorOf(tenantId));

    expect(data[0]?.score).toBeLessThan(0.5);
  });

  it.each([{ q: '' }, { q: '  ' }, { q: 'x', topK: 0 }, { q: 'x', topK: 21 }, { q: '\u0000' }])('refuses %j', async (input) => {
    await expect(learning.ask(contract.searchKnowledge, input, operatorOf(aTenant()))).rejects.toEqual(code('validation_failed'));
  });

  it('says so when the embedding model is down, and articles are taken meanwhile', async () => {
    const tenantId = aTenant();
    const caller = operatorOf(tenantId);
    embedder.failing = true;

    const { articleId } = await learning.ask(contract.createArticle, { title: 'Parcels', content: 'Track.' }, caller);
    await expect(learning.ask(contract.searchKnowledge, { q: 'parcels' }, caller)).rejects.toEqual(code('model_unavailable'));
    embedder.failing = false;

    await eventually(async () => {
      const article = await learning.ask(contract.getArticle, { articleId }, caller);
      expect(article.indexed).toBe(true);
    }, 15_000);
  });
});

describe('with the local embedder', () => {
  let models: Models;
  let local: LoneLearning;

  beforeAll(async () => {
    models = await openModels({});
    local = await LoneLearning.boot(models.embedder);
  });

  afterAll(async () => {
    await local?.close();
    await models?.close();
  });

  it('finds the right article for a question that shares few words, and is unsure about one that none answers', async () => {
    const tenantId = aTenant();
    const caller = operatorOf(tenantId);
    const articles = [
      ['Reset a forgotten password', 'Open the sign-in page, select Forgot password and follow the link we send to your email.'],
      ['When your refund arrives', 'We pay back to your card within five days after your return has arrived.'],
      ['Track your parcel', 'Open the order and select Track to see where the carrier has it.'],
    ] as const;
    for (const [title, content] of articles) await local.addIndexed(tenantId, { title, content });
    const search = (q: string) => local.ask(contract.searchKnowledge, { q }, caller);

    const login = await search("I can't remember my login");
    const refund = await search('You got my lamp back last week, and I have not seen my money');
    const reset = await search('How do I reset my password?');
    const mongolia = await search('What is the capital of Mongolia?');

    expect(titles(login)[0]).toBe('Reset a forgotten password');
    expect(titles(refund)[0]).toBe('When your refund arrives');
    expect([titles(reset)[0], (reset.data[0]?.score ?? 0) > 0.75]).toEqual(['Reset a forgotten password', true]);
    expect(mongolia.data[0]?.score).toBeLessThan(0.5);
  });
});

it('has answered every contract of knowledge, with every error it declares', () => {
  expect(learning.unseen((subject) => subject.startsWith('learning.knowledge.'))).toEqual([]);
});
