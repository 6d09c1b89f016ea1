import { describe, expect, it } from '@jest/globals';
import { markers, ranged, sectionOf, table, withPart } from './tables.mjs';
import { cpuParts, summarise } from './verdict.mjs';

const slice = (cpu: number) => ({ cpu, cpuByPart: { service: cpu }, p50: cpu / 1_000, p99: cpu / 500, perSecond: 1e6 / cpu });
const rounds = [1, 2, 3].map((slow) => ({
  slices: {
    ours: { alone: slice(300 * slow) },
    floor: { alone: slice(200 * slow) },
    again: { alone: slice(303 * slow) },
  },
}));
const about = {
  ours: 'ours',
  twice: 'again',
  others: ['floor'],
  phases: [{ name: 'alone', title: 'One at a time' }],
  goals: [{ metric: 'cpu', phase: 'alone', against: 'floor', atMost: 2 }],
};
const result = {
  ...about,
  rounds,
  title: 'Reading',
  description: 'What is measured.',
  command: 'npm run bench -- reading',
  date: '2026-01-02',
  machine: { cores: 2, processor: 'x', node: '24.0.0' },
  loadAverage: { before: [0.5, 0, 0], after: [1.25, 0, 0] },
  summary: summarise({ ...about, rounds }),
  cpuParts: Object.fromEntries(['ours', 'floor', 'again'].map((name) => [name, { alone: cpuParts(rounds, name, 'alone') }])),
};

describe('sectionOf', () => {
  const section = sectionOf(result);

  it('says what was run, on what, how busy it was, and the verdict', () => {
    expect(section).toContain('## Reading');
    expect(section).toContain('`npm run bench -- reading`');
    expect(section).toContain('3 rounds');
    expect(section).toContain('load average 0.50 before, 1.25 after');
    expect(section).toContain('Verdict: **reached**');
  });

  it('has a row per goal and one per contestant', () => {
    expect(section).toContain('| CPU µs, alone, over floor | ≤ 2.00 | 1.50 (1.50–1.50) | 1.01 (1.01–1.01) | reached |');
    expect(section).toContain('| floor | 400 (200–600) | 0.40 (0.20–0.60) |');
    expect(section).toContain('service 606');
  });
});

describe('table', () => {
  it('draws a line under the head and keeps cells apart', () => {
    expect(table(['a', 'b'], [['1', 'x|y']])).toBe('| a | b |\n| --- | --- |\n| 1 | x\\|y |');
  });
});

describe('ranged', () => {
  it('shows the median with its range', () => {
    expect(ranged({ median: 1.234, lowest: 1, highest: 2 }, 2)).toBe('1.23 (1.00–2.00)');
  });
});

describe('withPart', () => {
  it('replaces what is between the markers and nothing else', () => {
    const document = `before\n${markers.begin}\nold\n${markers.end}\nafter\n`;

    const written = withPart(document, 'new');

    expect(written).toBe(`before\n${markers.begin}\n\nnew\n\n${markers.end}\nafter\n`);
    expect(withPart(written, 'new')).toBe(written);
  });

  it('refuses a document without the markers', () => {
    expect(() => withPart('text', 'new')).toThrow('no part');
    expect(() => withPart(`${markers.end} ${markers.begin}`, 'new')).toThrow('no part');
  });
});
