/** What a rung says when it has run. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** Shown in full when something failed. */
  readonly output: string;
  /** Shown behind the counts. */
  readonly note?: string;
}

/** The parts of jest's JSON report that count. */
export interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    /** Milliseconds. */
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** A program that must end with 0 is one check. */
export function ofProgram(code: number, output: string, note?: string): Outcome {
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, output, ...(note === undefined ? {} : { note }) };
}

/**
 * A run of jest: its tests, and a failure more for each file that could not run, each test that was skipped, a run that
 * found no test at all, and a run that failed in another way (a tear-down, a limit of time).
 */
export function ofJest(report: JestReport | undefined, code: number, raw: string): Outcome {
  if (report === undefined) return { passed: 0, failed: 1, output: raw };
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some(isFailed),
  );
  const skipped = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(isSkipped).map((test) => test.fullName),
  );
  const found = report.numPassedTests + report.numFailedTests + broken.length;
  const messages = [
    ...report.testResults.filter(({ message }) => message !== '').map(({ name, message }) => `${name}\n${message}`),
    ...skipped.map((name) => `skipped: ${name}`),
    ...(found === 0 ? ['This rung found no tests, and it should have some.'] : []),
  ];
  const counted = report.numFailedTests + broken.length + skipped.length + (found === 0 ? 1 : 0);
  const unexplained = code !== 0 && counted === 0;
  return {
    passed: report.numPassedTests,
    failed: counted + (unexplained ? 1 : 0),
    output: unexplained ? raw : messages.join('\n'),
    note: noteOf(report),
  };
}

/** How many files, and the slowest where it is worth a thought. */
function noteOf({ testResults }: JestReport): string {
  const [slowest] = testResults.toSorted((a, b) => b.endTime - b.startTime - (a.endTime - a.startTime));
  const seconds = slowest === undefined ? 0 : (slowest.endTime - slowest.startTime) / 1000;
  return `${testResults.length} files${seconds < 15 ? '' : `, slowest ${slowest?.name.split('/').at(-1)} ${seconds.toFixed(0)} s`}`;
}

const isFailed = ({ status }: { readonly status: string }) => status === 'failed';
const isSkipped = ({ status }: { readonly status: string }) => ['pending', 'skipped', 'disabled', 'todo'].includes(status);

/** The lines a rung gets: one, and all of its output when it failed. */
export function lineOf(name: string, { passed, failed, output, note }: Outcome, seconds: number): string {
  const counts = [...(failed === 0 ? [] : [`${failed} failed`]), `${passed} passed`].join(', ');
  const line = `${failed === 0 ? '✓' : '✗'} ${name.padEnd(11)} ${counts.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s`;
  const noted = note === undefined ? line : `${line}  ${note}`;
  return failed === 0 ? noted : `${noted}\n${output.trimEnd()}\n`;
}
