/** A piece of text that the model knows, and the logarithm of how likely it is; none counts as 0. */
export type Vocabulary = readonly (readonly [piece: string, score: number | null])[];

interface Piece {
  readonly id: number;
  readonly score: number;
}

/** A piece that stands somewhere in a text. */
interface Placed extends Piece {
  readonly start: number;
}

// The first of a vocabulary are no pieces of text.
const reserved = 6;
const unknown: Piece = { id: 0, score: 0 };
const space = '\u2581';

/** Makes the function that splits a text into pieces of the vocabulary, the likeliest way, and gives their numbers. */
export function tokenizer(vocabulary: Vocabulary): (text: string) => number[] {
  const pieces = new Map<string, Piece>();
  vocabulary.forEach(([piece, score], id) => id >= reserved && pieces.set(piece, { id, score: score ?? 0 }));
  const longest = Math.max(...vocabulary.map(([piece]) => piece.length));
  return (text) => {
    const symbols = [...(space + text.normalize('NFKC').replaceAll(' ', space))];
    const ids = likeliest(placedByEnd(symbols, pieces, longest));
    return ids.filter((id, place) => id !== unknown.id || ids[place - 1] !== unknown.id);
  };
}

/** Which pieces end after so many symbols, the longest first; a symbol with which none starts is unknown. */
function placedByEnd(symbols: readonly string[], pieces: ReadonlyMap<string, Piece>, longest: number): Placed[][] {
  const placed: Placed[][] = Array.from({ length: symbols.length + 1 }, () => []);
  for (let start = 0; start < symbols.length; start += 1) {
    let text = '';
    let found = false;
    for (let end = start + 1; end <= Math.min(start + longest, symbols.length); end += 1) {
      text += symbols[end - 1];
      const piece = pieces.get(text);
      if (piece === undefined) continue;
      found = true;
      placed[end]?.push({ start, ...piece });
    }
    if (!found) placed[start + 1]?.push({ start, ...unknown });
  }
  return placed;
}

/** For each end the best piece that ends there, by what all pieces up to it score together; then back from the last end. */
function likeliest(placed: readonly (readonly Placed[])[]): number[] {
  const scores = new Float64Array(placed.length);
  const best: (Placed | undefined)[] = [];
  placed.forEach((pieces, end) => {
    for (const piece of pieces) {
      const score = piece.score + (scores[piece.start] ?? 0);
      // A score of 0 also counts as not reached: the model was trained with pieces that were found so.
      if (scores[end] !== 0 && score < (scores[end] ?? 0)) continue;
      scores[end] = score;
      best[end] = piece;
    }
  });
  const ids: number[] = [];
  for (let piece = best.at(-1); piece !== undefined; piece = best[piece.start]) ids.push(piece.id);
  return ids.reverse();
}
