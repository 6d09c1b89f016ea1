import { describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';

describe('eventually', () => {
  it('gives the first result that is neither an error nor false', async () => {
    const outcomes = [() => Promise.reject(new Error('not yet')), () => false, () => 7];

    const result = await eventually(() => outcomes.shift()?.() ?? 0);

    expect(result).toBe(7);
  });

  it('fails with the last error at the deadline', async () => {
    let attempts = 0;
    const attempt = () => Promise.reject(new Error(`attempt ${(attempts += 1)}`));

    await expect(eventually(attempt, 20)).rejects.toThrow(/^attempt [2-9]/);
  });

  it('fails when the condition stays false', async () => {
    await expect(eventually(() => false, 10)).rejects.toThrow('still false');
  });
});
