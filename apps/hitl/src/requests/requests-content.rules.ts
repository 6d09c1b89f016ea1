import type { Evidence } from '@support101/contracts/hitl';

const longest = { title: 300, evidenceTitle: 300, evidence: 8_000, draft: 20_000, context: 262_144 } as const;

/** The part of a wish for a request that may be too long, or hold what the database cannot. */
interface Content {
  readonly title: string;
  readonly draft?: string | undefined;
  readonly evidence: readonly Evidence[];
  readonly context: Readonly<Record<string, unknown>>;
}

/** The content as it is kept: cut to what a person can look at, so that a request always fits into one message. */
export function kept<C extends Content>(content: C): C {
  const { title, draft, evidence, context } = content;
  const size = JSON.stringify(context).length;
  return {
    ...content,
    title: storable(title, longest.title),
    ...(draft === undefined ? {} : { draft: storable(draft, longest.draft) }),
    evidence: evidence.map((item) => ({
      ...item,
      title: storable(item.title, longest.evidenceTitle),
      text: storable(item.text, longest.evidence),
    })),
    context: size > longest.context ? { omitted: `${size} characters of JSON` } : context,
  };
}

/** Without NUL and without the half of a pair that cutting may leave: Postgres takes neither. */
function storable(text: string, max: number): string {
  return text.replaceAll('\u0000', '').slice(0, max).toWellFormed();
}
