import { Injectable } from '@nestjs/common';
import { type English, readEnglish } from '../platform/english.js';
import { parseSituations, type Situations } from './retrieval-situations.rules.js';
import { type Dictionary, WordTable } from './retrieval-spelling.rules.js';
import { parseSynonyms, type Synonyms } from './retrieval-synonyms.rules.js';

/** Words up to this rarity are what a misspelt word may have meant. */
const commonUpTo = 20;

/** What retrieval knows about English; made at the first use. */
@Injectable()
export class LanguageService {
  #dictionary: Dictionary | undefined;
  #synonyms: Synonyms | undefined;
  #situations: Situations | undefined;

  get dictionary(): Dictionary {
    return (this.#dictionary ??= dictionaryOf(readEnglish()));
  }

  get synonyms(): Synonyms {
    return (this.#synonyms ??= parseSynonyms(readEnglish().synonyms));
  }

  get situations(): Situations {
    return (this.#situations ??= parseSituations(readEnglish().situations));
  }
}

function dictionaryOf({ words }: English): Dictionary {
  const common = new WordTable();
  for (const [word, rarity] of words) if (rarity <= commonUpTo && /^[a-z]{3,}$/.test(word)) common.add(word);
  return { common, knows: (word) => words.has(word) };
}
