import { describe, expect, it } from '@jest/globals';
import { withCores } from './with-cores.ts';

describe('withCores', () => {
  it('runs side by side only what fits, in order', async () => {
    const events: string[] = [];
    const items = [
      { name: 'a', cores: 1 },
      { name: 'b', cores: 1 },
      { name: 'whole', cores: 2 },
      { name: 'c', cores: 1 },
    ];

    await withCores(2, items, async ({ name }) => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`${name} ends`);
    });

    expect(events).toEqual(['a begins', 'b begins', 'a ends', 'b ends', 'whole begins', 'whole ends', 'c begins', 'c ends']);
  });

  it('fails when an item fails', async () => {
    const failing = withCores(2, [{ cores: 1 }], () => Promise.reject(new Error('broken')));

    await expect(failing).rejects.toThrow('broken');
  });
});
