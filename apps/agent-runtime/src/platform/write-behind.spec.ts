import { describe, expect, it, jest } from '@jest/globals';
import { writeBehind } from './write-behind.js';

const refused = new Error('refused');
const aWrite = () => Promise.withResolvers<boolean>();
const turn = () => new Promise((resolve) => setImmediate(resolve));

function writes() {
  const onFailure = jest.fn<(error: unknown) => void>();
  return { behind: writeBehind(() => refused, onFailure), onFailure };
}

describe('writes behind a run', () => {
  it('are waited for, all of them, whichever is the last to be written', async () => {
    const { behind, onFailure } = writes();
    const [first, second] = [aWrite(), aWrite()];

    behind.add(first.promise);
    behind.add(second.promise);
    const written = Promise.race([behind.written().then(() => 'written'), second.promise.then(turn).then(() => 'still waiting')]);
    second.resolve(true);

    await expect(written).resolves.toBe('still waiting');
    expect(behind.onTheWay).toBe(1);
    first.resolve(true);
    await behind.written();
    expect(behind.onTheWay).toBe(0);
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('are there when there is none', async () => {
    await expect(writes().behind.written()).resolves.toBeUndefined();
  });

  it('tell of the first that fails, at once and to whoever waits', async () => {
    const { behind, onFailure } = writes();
    const [first, second] = [aWrite(), aWrite()];
    behind.add(first.promise);
    behind.add(second.promise);

    first.reject(new Error('connection lost'));
    await turn();

    expect(onFailure.mock.calls).toEqual([[new Error('connection lost')]]);
    second.resolve(false);
    await expect(behind.settled()).resolves.toBeUndefined();
    await expect(behind.written()).rejects.toThrow('connection lost');
    expect(onFailure).toHaveBeenCalledTimes(1);
  });

  it('fail when one is refused', async () => {
    const { behind, onFailure } = writes();

    behind.add(Promise.resolve(false));

    await expect(behind.written()).rejects.toBe(refused);
    expect(onFailure.mock.calls).toEqual([[refused]]);
  });
});
