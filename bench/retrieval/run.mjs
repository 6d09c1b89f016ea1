// Recall and wrong answers of the knowledge search on the demo help centre: the real service, the embedded database,
// the local embedder. `--fit` prints the weights for apps/learning/src/retrieval/retrieval-ranking.rules.ts, fitted without the
// situations that are too like a tuning question; `--misses` prints the tuning questions that go wrong; `--directions`
// writes apps/learning/data/directions.json, to be done when data/situations.txt has changed.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { keptApart } from './apart.mjs';
import { fit, probabilities } from './fit.mjs';
import { openSearch } from './search.mjs';

/** The support agent answers from this score on (confidenceThreshold of the blueprint). */
const threshold = 0.75;
const kinds = ['paraphrase', 'typo', 'terse', 'rambling'];
const root = new URL('../../', import.meta.url);
const read = (path) => readFile(new URL(path, root), 'utf8');
const readJson = async (path) => JSON.parse(await read(path));

export async function run(options) {
  const { articles } = await readJson('apps/standalone/demo/articles.json');
  const questions = await readJson('bench/retrieval/questions.json');
  const situations = await read('apps/learning/data/situations.txt');
  const { dropped } = keptApart(situations, questions.holdout);
  if (dropped > 0) throw new Error(`${dropped} lines of data/situations.txt are too like a question of the holdout`);
  const isFit = options.includes('--fit');
  if (options.includes('--directions')) return keepDirections(situations);
  const search = await openSearch(articles, isFit ? keptApart(situations, questions.tune).text : undefined);
  try {
    const tune = await samplesOf(search, questions.tune);
    if (isFit) return fitted(tune);
    if (options.includes('--misses')) return misses(tune, search, articles);
    const holdout = await samplesOf(search, questions.holdout);
    const results = {};
    for (const [system, { names, weights }] of Object.entries(search.systems)) {
      const used =
        weights ??
        fit(
          tune.map((sample) => sample[system]),
          names,
        );
      results[system] = {
        tune: measure(
          tune.map((sample) => ({ ...sample, ...sample[system] })),
          names,
          used,
        ),
        holdout: measure(
          holdout.map((sample) => ({ ...sample, ...sample[system] })),
          names,
          used,
        ),
      };
    }
    report(results, search);
    await mkdir(new URL('bench/results/', root), { recursive: true });
    const record = { date: new Date().toISOString().slice(0, 10), threshold, articles: articles.length, results };
    await writeFile(new URL('bench/results/retrieval.json', root), `${JSON.stringify(record, null, 2)}\n`);
  } finally {
    await search.close();
  }
}

async function samplesOf(search, questions) {
  const samples = [];
  for (const { question, article, kind } of questions)
    samples.push({ question, kind, ...(await search.signals(question, article)) });
  return samples;
}

/** Keeps what the local embedder says about the situations, so that no start has to ask it: a byte per dimension. */
async function keepDirections(text) {
  const search = await openSearch([], text);
  const { directions } = await search.situations();
  await search.close();
  const vectors = directions.map((direction) => {
    const scale = 127 / Math.max(...direction.map(Math.abs));
    return Buffer.from(Int8Array.from(direction, (value) => Math.round(value * scale)).buffer).toString('base64');
  });
  const digest = createHash('sha256').update(text).digest('hex');
  const kept = JSON.stringify({ embedder: search.embedder, digest, vectors }, null, 2);
  await writeFile(new URL('apps/learning/data/directions.json', root), `${kept}\n`);
}

function fitted(tune) {
  const samples = tune.map((sample) => sample.fused);
  console.log('known:', JSON.stringify(fit(samples, ['words', 'meaning', 'situation'])));
  console.log('unknown:', JSON.stringify(fit(samples, ['words', 'meaning'])));
}

/** The tuning questions that are not answered as they should be: what to look at when tuning. */
function misses(tune, search, articles) {
  const { names, weights } = search.systems.fused;
  for (const sample of tune) {
    const chances = probabilities(sample.fused, names, weights);
    const order = ranking(chances);
    const { right } = sample.fused;
    const top = chances[order[0]];
    const isMiss = right === undefined ? top >= threshold : order[0] !== right || top < threshold;
    if (!isMiss) continue;
    const shown = order.slice(0, 3).map((index) => `${articles[index].slug} ${chances[index].toFixed(2)}`);
    const rank = right === undefined ? '-' : order.indexOf(right) + 1;
    console.log(`${String(rank).padStart(2)} ${sample.kind.padEnd(10)} ${sample.question.slice(0, 80)} → ${shown.join(', ')}`);
  }
}

function measure(samples, names, weights) {
  const judged = samples.map((sample) => {
    const chances = probabilities(sample, names, weights);
    const order = ranking(chances);
    return { ...sample, rank: sample.right === undefined ? undefined : order.indexOf(sample.right) + 1, top: chances[order[0]] };
  });
  const answerable = judged.filter(({ right }) => right !== undefined);
  const unanswerable = judged.filter(({ right }) => right === undefined);
  const share = (part, whole) => Math.round((1000 * part.length) / whole.length) / 1000;
  const first = ({ rank }) => rank === 1;
  return {
    answerable: answerable.length,
    recallAt1: share(answerable.filter(first), answerable),
    recallAt5: share(
      answerable.filter(({ rank }) => rank <= 5),
      answerable,
    ),
    recallAt1ByKind: Object.fromEntries(
      kinds.map((kind) => {
        const those = answerable.filter((sample) => sample.kind === kind);
        return [kind, share(those.filter(first), those)];
      }),
    ),
    answeredRight: share(
      answerable.filter(({ rank, top }) => rank === 1 && top >= threshold),
      answerable,
    ),
    answeredWrong: share(
      answerable.filter(({ rank, top }) => rank > 1 && top >= threshold),
      answerable,
    ),
    unanswerable: unanswerable.length,
    unanswerableAnswered: unanswerable.filter(({ top }) => top >= threshold).length,
  };
}

function ranking(chances) {
  return chances.map((_, index) => index).sort((a, b) => chances[b] - chances[a]);
}

function report(results, search) {
  const table = [];
  for (const [system, halves] of Object.entries(results)) {
    for (const [half, result] of Object.entries(halves)) {
      table.push({
        system,
        half,
        'recall@1': result.recallAt1,
        'recall@5': result.recallAt5,
        'answered right': result.answeredRight,
        'answered wrong': result.answeredWrong,
        'unanswerable answered': `${result.unanswerableAnswered} of ${result.unanswerable}`,
      });
    }
  }
  console.table(table);
  console.log('recall@1 of fused by kind of question:', JSON.stringify(results.fused.holdout.recallAt1ByKind), '(holdout)');
  console.log(`One search: ${search.medianMs().toFixed(1)} ms (median). An answer counts from a score of ${threshold} on.`);
}
