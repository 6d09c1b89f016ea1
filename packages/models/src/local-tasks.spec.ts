import { describe, expect, it } from '@jest/globals';
import { defineTask } from '@support101/agent-kit';
import { z } from 'zod';
import { localTaskRunner } from './local-tasks.js';

const options = { signal: new AbortController().signal };
const shout = (offline: (input: { word: string }) => { word: string } | Promise<{ word: string }>) =>
  defineTask({
    name: 'shout',
    instructions: 'Shout it.',
    input: z.object({ word: z.string() }),
    output: z.object({ word: z.string() }),
    offline,
  });

describe('the local task runner', () => {
  it('runs the offline function, under the local model’s name and for nothing', async () => {
    const task = shout(({ word }) => ({ word: word.toUpperCase() }));

    const { output, usage } = await localTaskRunner().run(task, { word: 'hi' }, options);

    expect(output).toEqual({ word: 'HI' });
    // 9 characters of instructions, 13 of JSON in, 13 out, four to a token.
    expect(usage).toEqual({ inputTokens: 3 + 4, outputTokens: 4, costMicroUsd: 0, model: 'local/extractive-1' });
  });

  it('refuses an offline answer that does not fit', async () => {
    const task = shout(() => ({ word: 7 as unknown as string }));

    await expect(localTaskRunner().run(task, { word: 'hi' }, options)).rejects.toMatchObject({ code: 'model_output_invalid' });
  });

  it('does not start when aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));

    await expect(
      localTaskRunner().run(
        shout((input) => input),
        { word: 'hi' },
        { signal },
      ),
    ).rejects.toThrow('enough');
  });
});
