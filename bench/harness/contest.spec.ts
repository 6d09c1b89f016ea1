import { describe, expect, it } from '@jest/globals';
import { runContest, takeTurns } from './contest.mjs';

const phase = { name: 'alone', operations: 4, concurrency: 1 };

function contestant(name: string, log: string[], operation: () => Promise<unknown> = async () => undefined) {
  return {
    name,
    start: async () => void log.push(`start ${name}`),
    operation: () => {
      log.push(name);
      return operation();
    },
    pids: async () => ({ self: [process.pid] }),
    stop: async () => void log.push(`stop ${name}`),
  };
}

describe('runContest', () => {
  it('starts all, lets them take turns in another order each round, and stops all', async () => {
    const log: string[] = [];
    const contestants = ['a', 'b'].map((name) => contestant(name, log));

    const { rounds } = await runContest({ contestants, phases: [phase], rounds: 7, warmUp: 4 });

    expect(log.slice(0, 2)).toEqual(['start a', 'start b']);
    expect(log.slice(-2).toSorted()).toEqual(['stop a', 'stop b']);
    expect(rounds.map(({ order }) => order[0])).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a']);
    expect(log.filter((entry) => entry === 'a')).toHaveLength(4 + 7 * 4);
    expect(rounds[0]?.slices['b']?.['alone']).toMatchObject({ cpu: expect.any(Number), perSecond: expect.any(Number) });
  });

  it('stops all when an operation fails, and says how it failed', async () => {
    const log: string[] = [];
    const failing = contestant('b', log, () => Promise.reject(new Error('no answer')));

    const contest = runContest({ contestants: [contestant('a', log), failing], phases: [phase], rounds: 7, warmUp: 1 });

    await expect(contest).rejects.toThrow('no answer');
    expect(log.filter((entry) => entry.startsWith('stop'))).toHaveLength(2);
  });

  it('refuses a contestant that does less than it shall', async () => {
    const lazy = { ...contestant('a', []), slice: async () => [1] };

    const contest = runContest({ contestants: [lazy], phases: [phase], rounds: 7, warmUp: 0 });

    await expect(contest).rejects.toThrow('a did 1 of 4 operations');
  });

  it('refuses fewer than seven rounds', async () => {
    await expect(runContest({ contestants: [], phases: [], rounds: 6, warmUp: 0 })).rejects.toThrow('seven');
  });
});

describe('takeTurns', () => {
  it('does each operation once, never more at a time than asked, and times each', async () => {
    let now = 0;
    let most = 0;
    const operation = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
    };

    const latencies = await takeTurns(operation, { operations: 25, concurrency: 4 });

    expect(latencies).toHaveLength(25);
    expect(most).toBe(4);
  });
});
