import { describe, expect, it } from '@jest/globals';
import { type JestReport, lineOf, ofJest, ofProgram } from './outcome.ts';

const aReport = (changes: Partial<JestReport> = {}): JestReport => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ name: 'a.spec.ts', status: 'passed', message: '', startTime: 0, endTime: 900, assertionResults: [] }],
  ...changes,
});

const aFile = (status: string, ...statuses: readonly string[]) => ({
  name: 'a.spec.ts',
  status,
  message: `what happened in a ${status} file`,
  startTime: 0,
  endTime: 900,
  assertionResults: statuses.map((each, index) => ({ status: each, fullName: `test ${index}` })),
});

describe('ofJest', () => {
  it('counts the tests that passed', () => {
    expect(ofJest(aReport(), 0, '')).toMatchObject({ passed: 3, failed: 0 });
  });

  it('counts each failed test once and shows what happened', () => {
    const report = aReport({ numFailedTests: 2, testResults: [aFile('failed', 'failed', 'failed', 'passed')] });

    const outcome = ofJest(report, 1, '');

    expect(outcome.failed).toBe(2);
    expect(outcome.output).toContain('what happened in a failed file');
  });

  it('counts a file that could not run as a failure', () => {
    expect(ofJest(aReport({ testResults: [aFile('failed')] }), 1, '').failed).toBe(1);
  });

  it.each(['pending', 'todo', 'skipped', 'disabled'])('counts a %s test as a failure and names it', (status) => {
    const outcome = ofJest(aReport({ testResults: [aFile('passed', status)] }), 0, '');

    expect(outcome.failed).toBe(1);
    expect(outcome.output).toContain('skipped: test 0');
  });

  it('names the slowest file when it is slow', () => {
    const slow = { ...aFile('passed'), name: '/somewhere/slow.int-spec.ts', endTime: 21_000 };

    expect(ofJest(aReport({ testResults: [aFile('passed'), slow] }), 0, '').note).toBe('2 files, slowest slow.int-spec.ts 21 s');
  });

  it('fails when it found no tests', () => {
    const outcome = ofJest(aReport({ numPassedTests: 0, testResults: [] }), 0, '');

    expect(outcome).toMatchObject({ passed: 0, failed: 1, output: expect.stringContaining('found no tests') });
  });

  it('fails when jest fails although every test passed', () => {
    expect(ofJest(aReport(), 1, 'the tear-down failed')).toMatchObject({ passed: 3, failed: 1, output: 'the tear-down failed' });
  });

  it('fails when jest leaves no report', () => {
    expect(ofJest(undefined, 137, 'stopped after 240 s')).toMatchObject({ passed: 0, failed: 1, output: 'stopped after 240 s' });
  });
});

describe('lineOf', () => {
  it('is one line when all passed', () => {
    expect(lineOf('unit', { passed: 12, failed: 0, output: 'noise', note: '4 files' }, 1.24)).toBe(
      `✓ unit        ${'12 passed'.padEnd(24)}    1.2 s  4 files`,
    );
  });

  it('shows all of the output when something failed', () => {
    expect(lineOf('lint', ofProgram(1, 'line 1\nline 2\n'), 1)).toMatch(/^✗ lint\s+1 failed, 0 passed.*\nline 1\nline 2\n$/);
  });
});
