import { DomainError, type ErrorCode } from '@support101/contracts';

/** The longest answer, and the largest edits as JSON, in UTF-16 units. */
const longestAnswer = 20_000;
const largestEdits = 65_536;

/** What comes with a decision. */
interface Answered {
  readonly decision: string;
  readonly edits?: Readonly<Record<string, unknown>> | undefined;
  readonly response?: string | undefined;
}

/**
 * Refuses an answer without what its decision needs, or with what it cannot have: `edit` has edits, nothing else has;
 * of an action they are its arguments, else exactly `{ answer }`; `respond` has a response.
 */
export function checkAnswer({ decision, edits, response }: Answered, hasAction: boolean): void {
  if (decision === 'respond' && (response ?? '').trim() === '') {
    refuse('/response', 'the decision respond needs a response', 'validation_failed');
  }
  if (decision !== 'edit') {
    if (edits !== undefined) refuse('/edits', `the decision ${decision} takes no edits`);
    return;
  }
  if (edits === undefined) return refuse('/edits', 'the decision edit needs edits');
  if (JSON.stringify(edits).length > largestEdits)
    return refuse('/edits', `must not be more than ${largestEdits} characters of JSON`);
  if (!hasAction) checkEditedAnswer(edits);
}

function checkEditedAnswer(edits: Readonly<Record<string, unknown>>): void {
  const odd = Object.keys(edits).find((key) => key !== 'answer');
  if (odd !== undefined) refuse('/edits', 'of an answer are { answer } and nothing else');
  const answer = edits['answer'];
  if (typeof answer !== 'string' || answer.trim() === '') return refuse('/edits/answer', 'must be the answer as text');
  if (answer.length > longestAnswer) refuse('/edits/answer', `must not be longer than ${longestAnswer} characters`);
}

function refuse(path: string, message: string, code: ErrorCode = 'edits_invalid'): never {
  throw new DomainError(code, `${path}: ${message}`, { issues: [{ path, message }] });
}
