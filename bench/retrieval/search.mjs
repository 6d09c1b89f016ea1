import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The bench is no workspace of its own: packages are found from the service it measures.
const fromLearning = createRequire(new URL('../../apps/learning/package.json', import.meta.url));
const load = (name) => import(fromLearning.resolve(name));
const dist = (path) => import(new URL(`../../apps/learning/dist/${path}.js`, import.meta.url));

const tenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1';
const caller = { tenantId, principal: { type: 'service', id: 'bench', roles: [] }, correlationId: 'bench' };

/** The learning service on an embedded database that holds the given articles; with other situations if given. */
export async function openSearch(articles, situations) {
  const booted = await bootLearning(situations);
  const [{ RetrievalService }, { RetrievalRepository }, ranking, { termsOf }] = await Promise.all(
    ['retrieval.service', 'retrieval.repository', 'retrieval-ranking.rules', 'retrieval-terms.rules'].map((name) =>
      dist(`retrieval/${name}`),
    ),
  );
  const { contracts, client, service, embedder } = booted;
  const ids = [];
  for (const { title, content, tags, sourceUrl } of articles) {
    ids.push((await client.call(contracts.createArticle, { title, content, tags, sourceUrl }, caller)).articleId);
  }
  await untilIndexed(client, contracts.listArticles);
  const [retrieval, repository] = [booted.find(RetrievalService), booted.find(RetrievalRepository)];
  const times = [];

  const signals = async (question, slug) => {
    const begun = performance.now();
    await client.call(contracts.searchKnowledge, { q: question }, caller);
    times.push(performance.now() - begun);
    const prepared = await retrieval.prepare(question, caller);
    const byId = new Map(prepared.articles.map((article) => [article.articleId, article]));
    const inOrder = ids.map((id) => byId.get(id));
    const right = slug === null ? undefined : articles.findIndex((article) => article.slug === slug);
    const choice = (signal) => ({ right, signals: inOrder.map(signal) });

    // The two ways alone get the question as it was written: no spelling, no synonyms.
    const plain = await service.database.forTenant(tenantId, (tx) =>
      repository.match(tx, termsOf(question, new Map()), ranking.textWeights, articles.length),
    );
    const gains = new Map(plain.articles.map(({ articleId, gain }) => [articleId, gain]));
    const [vector] = await embedder.embed([question]);
    const alone = { ...prepared.question, vector, gains, rarity: Number(plain.rarity) };
    return {
      fused: choice((article) => {
        const own = ranking.signalsOf(article, prepared.question);
        return { ...own, strength: ranking.strengthOf(own, prepared.question.reading.known) };
      }),
      'full text alone': choice((article) => ranking.signalsOf(article, alone)),
      'embeddings alone': choice((article) => ranking.signalsOf(article, alone)),
    };
  };

  return {
    signals,
    /** What the embedder says about the situations. */
    situations: () => booted.find(booted.LanguageService).situations(),
    embedder: embedder.name,
    /** The signals each way of searching uses. Without weights they are fitted to the tuning half. */
    systems: {
      'full text alone': { names: ['words'] },
      'embeddings alone': { names: ['meaning'] },
      fused: { names: ['strength'], weights: { strength: 1, none: 0 } },
    },
    medianMs: () => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)],
    close: booted.close,
  };
}

async function bootLearning(situations) {
  const [{ bootAlone }, { startEmbedded }, { openModels }, contracts] = await Promise.all(
    ['@support101/service-kit', '@support101/database', '@support101/models', '@support101/contracts/learning'].map(load),
  );
  const [{ learningService }, { LanguageService }] = await Promise.all(
    ['app.module', 'retrieval/retrieval-language.service'].map(dist),
  );
  const directory = await mkdtemp(join(tmpdir(), 'bench-retrieval-'));
  const database = await startEmbedded({ directory });
  const models = await openModels({});
  const { embedder } = models;
  const lone = await bootAlone(learningService({ embedder }), { database: { url: database.url, embedded: true } });
  const find = (provider) => lone.service.app.get(provider, { strict: false });
  if (situations !== undefined) {
    const language = find(LanguageService);
    const read = language.read({ situations, directions: { embedder: 'none', digest: '', vectors: [] } });
    language.situations = () => read;
  }
  const close = async () => {
    await lone.close();
    await models.close();
    await database.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { client: lone.client, service: lone.service, contracts, embedder, find, close, LanguageService };
}

async function untilIndexed(client, listArticles) {
  for (let tries = 0; tries < 600; tries += 1) {
    const { data } = await client.call(listArticles, { limit: 100 }, caller);
    if (data.every(({ indexed }) => indexed)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the articles were not indexed within a minute');
}
