import { describe, expect, it } from '@jest/globals';
import { cpuParts, exitCodes, overall, series, summarise } from './verdict.mjs';

const slice = (cpu: number, factor = 1) => ({
  cpu,
  cpuByPart: { service: cpu * 0.75, postgres: cpu * 0.25 },
  p50: factor,
  p99: 2 * factor,
  perSecond: 1_000 / factor,
});

/** Three rounds on a machine that gets slower; ours needs `over` times the floor, and `same` times as much when it takes part again. */
function rounds(over: number, same = 1) {
  return [1, 3, 9].map((slow) => ({
    slices: {
      ours: { alone: slice(100 * slow * over, over) },
      floor: { alone: slice(100 * slow) },
      again: { alone: slice(100 * slow * over * same, over * same) },
    },
  }));
}

function judge(over: number, same = 1) {
  return summarise({
    rounds: rounds(over, same),
    phases: [{ name: 'alone' }],
    ours: 'ours',
    twice: 'again',
    others: ['floor'],
    goals: [{ metric: 'cpu', phase: 'alone', against: 'floor', atMost: 2 }],
  });
}

describe('summarise', () => {
  it('gives the ratio inside rounds although the machine slowed down ninefold', () => {
    const { ratios, verdict, goals } = judge(1.5);

    expect(ratios.find(({ metric }) => metric === 'cpu')).toMatchObject({
      against: 'floor',
      median: 1.5,
      lowest: 1.5,
      highest: 1.5,
    });
    expect(goals).toMatchObject([{ verdict: 'reached', same: { median: 1 } }]);
    expect(verdict).toBe('reached');
  });

  it('says when a goal is missed, and takes exactly the goal as reached', () => {
    expect(judge(2.01).verdict).toBe('missed');
    expect(judge(2).verdict).toBe('reached');
  });

  it.each([0.85, 1.15])('concludes nothing when ours again needs %d times as much', (same) => {
    expect(judge(1.5, same).verdict).toBe('inconclusive');
    expect(judge(3, same).verdict).toBe('inconclusive');
  });

  it('has every figure of every contestant', () => {
    const { figures } = judge(1.5);

    expect(figures).toHaveLength(3 * 4);
    expect(figures.find(({ name, metric }) => name === 'floor' && metric === 'cpu')).toMatchObject({
      median: 300,
      lowest: 100,
      highest: 900,
    });
  });

  it('refuses a round in which somebody is missing', () => {
    expect(() => series(rounds(1), 'nobody', 'alone', 'cpu')).toThrow('nobody has no cpu in alone');
  });
});

describe('overall', () => {
  it('is inconclusive when anything is, then missed when anything is', () => {
    expect(overall(['reached', 'missed', 'inconclusive'])).toBe('inconclusive');
    expect(overall(['reached', 'missed'])).toBe('missed');
    expect(overall(['reached'])).toBe('reached');
  });

  it('ends the process well only when all is reached', () => {
    expect(Object.entries(exitCodes).filter(([, code]) => code === 0)).toEqual([['reached', 0]]);
  });
});

describe('cpuParts', () => {
  it('gives the median of each process', () => {
    expect(cpuParts(rounds(1), 'floor', 'alone')).toEqual({ service: 225, postgres: 75 });
  });
});
