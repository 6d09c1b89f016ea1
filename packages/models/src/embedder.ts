/** Turns texts into unit vectors whose dot product says how alike the meanings are. */
export interface Embedder {
  /** Names model and size; vectors of different names must not be compared. `local/…` needs no network. */
  readonly name: string;
  readonly dimensions: number;
  /**
   * One unit vector per text, in order. A text without letters and digits gives the zero vector, a text too long for the
   * model the mean over its parts. Rejects with a DomainError `model_unavailable`, or with the signal's reason.
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
}

/** What a model can do: embed some short texts that each have a letter or digit. */
export interface BatchModel {
  readonly dimensions: number;
  /** Longest text in UTF-16 units. */
  readonly longestText: number;
  readonly batchSize: number;
  embedBatch(texts: readonly string[], signal: AbortSignal | undefined): Promise<readonly Float32Array[]>;
}

/**
 * Embeds any texts with a model: each different one once, long ones in windows, in batches one after the other, so that
 * an abort takes effect soon and a single question is not stuck behind a whole import.
 */
export async function embedWith(model: BatchModel, texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
  const prepared = texts.map((text) => text.replace(/\s+/g, ' ').trim().toWellFormed());
  const windowsByText = new Map(prepared.map((text) => [text, windowsOf(text, model.longestText).filter(hasWords)]));
  const windows = [...new Set([...windowsByText.values()].flat())];
  const vectors = new Map<string, Float32Array>();
  for (let start = 0; start < windows.length; start += model.batchSize) {
    signal?.throwIfAborted();
    const batch = windows.slice(start, start + model.batchSize);
    const embedded = await model.embedBatch(batch, signal);
    batch.forEach((text, index) => vectors.set(text, embedded[index] ?? new Float32Array(model.dimensions)));
  }
  signal?.throwIfAborted();
  return prepared.map((text) => averaged(windowsByText.get(text) ?? [], vectors, model.dimensions));
}

/** Splits a text into windows of at most `longest` characters, at spaces where there are any. */
export function windowsOf(text: string, longest: number): string[] {
  const windows: string[] = [];
  let rest = text;
  while (rest.length > longest) {
    const space = rest.lastIndexOf(' ', longest);
    const end = space > 0 ? space : wholeCharacters(rest, longest);
    windows.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return rest === '' ? windows : [...windows, rest];
}

function wholeCharacters(text: string, end: number): number {
  const code = text.charCodeAt(end);
  return code >= 0xdc00 && code <= 0xdfff ? end - 1 : end;
}

function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/** The mean of the windows' vectors, each weighted with its length, at length 1. */
function averaged(windows: readonly string[], vectors: ReadonlyMap<string, Float32Array>, dimensions: number): Float32Array {
  const sum = new Float32Array(dimensions);
  for (const window of windows) {
    vectors.get(window)?.forEach((value, place) => (sum[place] = (sum[place] ?? 0) + value * window.length));
  }
  const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
  return length === 0 ? sum : sum.map((value) => value / length);
}
