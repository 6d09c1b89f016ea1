import { describe, expect, it } from '@jest/globals';
import { openKernel } from './matrix-kernel.js';

/** Small whole numbers, so that every sum is exact. */
const filled = (numbers: Float32Array, seed: number) =>
  numbers.forEach((_, index) => (numbers[index] = ((index * 7 + seed) % 11) - 5));

/** `y + x · w`, in JavaScript. */
function product(x: Float32Array, w: Float32Array, y: Float32Array, [rows, inner, columns]: [number, number, number]): number[] {
  return Array.from({ length: rows * columns }, (_, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    let sum = y[place] ?? 0;
    for (let index = 0; index < inner; index += 1) sum += (x[row * inner + index] ?? 0) * (w[index * columns + column] ?? 0);
    return sum;
  });
}

describe('the kernel', () => {
  it.each<[number, number, number]>([
    [2, 1, 16],
    [2, 5, 32],
    [8, 130, 48],
  ])('adds the product of matrices: %i rows, %i inner, %i columns', (rows, inner, columns) => {
    const { memory, multiply } = openKernel(100_000);
    const x = new Float32Array(memory.buffer, 0, rows * inner);
    const w = new Float32Array(memory.buffer, 16_384, inner * columns);
    const y = new Float32Array(memory.buffer, 65_536, rows * columns);
    [x, w, y].forEach(filled);
    const inPanels = Float32Array.from(w, (_, place) => {
      const [panel, within] = [Math.floor(place / (inner * 16)), place % (inner * 16)];
      return w[Math.floor(within / 16) * columns + panel * 16 + (within % 16)] ?? 0;
    });
    const expected = product(x, w, y, [rows, inner, columns]);

    w.set(inPanels);
    multiply(0, inner * 4, 16_384, 65_536, columns * 4, rows, inner, columns);

    expect([...y]).toEqual(expected);
  });

  it('keeps to the rows it is given, which may lie apart', () => {
    const { memory, multiply } = openKernel(65_536);
    const all = new Float32Array(memory.buffer);
    all.fill(1);

    // x: 2 rows of 3, 5 numbers apart; y: 2 rows of 16, 20 apart.
    multiply(0, 20, 4_096, 8_192, 80, 2, 3, 16);

    const y = [...all.subarray(2_048, 2_048 + 40)];
    const row = Array.from({ length: 16 }, () => 4);
    expect(y).toEqual([...row, 1, 1, 1, 1, ...row, 1, 1, 1, 1]);
  });
});
