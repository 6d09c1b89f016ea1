/**
 * The word that was probably meant: at most one letter wrong, missing, too many or swapped with its neighbour, two in
 * words of eight letters and more. Of two that are as near, the one of the same length.
 */
export function nearest(misspelt: string, words: Iterable<string>): string | undefined {
  const most = misspelt.length >= 8 ? 2 : 1;
  let best: string | undefined;
  let bestDistance = most + 1;
  for (const word of words) {
    // The first letter is hardly ever wrong, and looking at it first saves nearly all of the work.
    if (word.charAt(0) !== misspelt.charAt(0) || Math.abs(word.length - misspelt.length) > most) continue;
    const distance = editDistance(misspelt, word) + (word.length === misspelt.length ? 0 : 0.1);
    if (distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best;
}

/** Optimal string alignment: letters changed, added, left out, or swapped with their neighbour. */
function editDistance(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= one.length; row += 1) {
    rows.push([row]);
    for (let column = 1; column <= other.length; column += 1) {
      const wrong = one.charAt(row - 1) === other.charAt(column - 1) ? 0 : 1;
      const swapped = one.charAt(row - 1) === other.charAt(column - 2) && one.charAt(row - 2) === other.charAt(column - 1);
      const swap = swapped && row > 1 ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY;
      rows[row]?.push(Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + wrong, swap));
    }
  }
  return at(one.length, other.length);
}
