import { DomainError } from '@support101/contracts';

/** What people write about an article. */
export interface ArticleText {
  readonly title: string;
  readonly content: string;
  readonly sourceUrl: string | null;
  readonly tags: readonly string[];
}

/** The given fields, complete: what is left out is empty, a tag counts once. */
export function articleText(given: {
  readonly title: string;
  readonly content: string;
  readonly sourceUrl?: string | null | undefined;
  readonly tags?: readonly string[] | undefined;
}): ArticleText {
  const { title, content, sourceUrl, tags } = given;
  return { title, content, sourceUrl: sourceUrl ?? null, tags: [...new Set(tags)] };
}

/** The fields in which two texts differ. */
export function changedFields(before: ArticleText, after: ArticleText): (keyof ArticleText)[] {
  const differ = (['title', 'content', 'sourceUrl'] as const).filter((field) => before[field] !== after[field]);
  const sameTags = before.tags.length === after.tags.length && before.tags.every((tag, index) => tag === after.tags[index]);
  return sameTags ? differ : [...differ, 'tags'];
}

/** Refuses a change that was made to another version than the present one. */
export function checkVersion(present: number, expected: number | undefined): void {
  if (expected !== undefined && expected !== present) {
    throw new DomainError('version_mismatch', `The article is at version ${present}, not ${expected}.`);
  }
}

/** What is embedded for a passage: it in plain words, under the article’s title, which it often leaves unsaid. */
export function embeddedText(title: string, passage: string): string {
  return `${title}. ${passage}`;
}
