import { describe, expect, it } from '@jest/globals';
import { HashingEmbedder } from '../../test/hashing-embedder.js';
import { readEnglish } from '../platform/english.js';
import { LanguageService } from './retrieval-language.service.js';

describe('LanguageService', () => {
  it('has the local embedder’s directions of the situations as they are: else run `npm run bench -- retrieval --directions`', async () => {
    const embedder = new HashingEmbedder('local/use-lite-512');

    const { all, directions } = await new LanguageService(embedder).situations();

    expect(embedder.asked).toEqual([]);
    expect(directions).toHaveLength(all.length);
    for (const direction of directions) expect([direction.length, Math.hypot(...direction)]).toEqual([512, expect.closeTo(1)]);
  });

  it('asks any other embedder once for all that is said in the situations', async () => {
    const embedder = new HashingEmbedder();
    const language = new LanguageService(embedder);

    const [{ all, directions }] = await Promise.all([language.situations(), language.situations()]);

    expect(embedder.asked).toHaveLength(all.flatMap(({ lines }) => lines).length);
    expect(directions).toHaveLength(all.length);
  });

  it('asks again when the embedder was down', async () => {
    const embedder = new HashingEmbedder();
    const language = new LanguageService(embedder);
    embedder.failing = true;
    await expect(language.situations()).rejects.toEqual(expect.objectContaining({ code: 'model_unavailable' }));
    embedder.failing = false;

    expect((await language.situations()).directions).not.toEqual([]);
  });

  it('knows the words of its data', () => {
    const { synonyms, situations } = readEnglish();
    const { dictionary } = new LanguageService(new HashingEmbedder());

    expect([dictionary.knows('parcel'), dictionary.knows('pasword')]).toEqual([true, false]);
    expect(synonyms.split('\n').every((line) => line.startsWith('#') || line === '' || line.includes(', '))).toBe(true);
    expect(situations.startsWith('# ')).toBe(true);
  });
});
