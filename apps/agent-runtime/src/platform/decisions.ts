import type { RequestId } from '@support101/contracts';
import type { ProposedAction } from '@support101/contracts/hitl';
import { digestOf, type Asked, type Asker, type CallPlace, type Subject } from './questions.js';

/**
 * The step whose calls the ledger knows: after the runtime itself has asked about a call, the agent plans the same step
 * anew under another number, and what that step had done before is still done.
 */
export function effectStep(step: number, asked: readonly Asked[]): number {
  const last = asked.at(-1);
  if (last === undefined || last.step + 2 !== step) return step;
  return last.subject.kind === 'approval' || last.subject.kind === 'effect' ? last.subject.step : step;
}

/** How many steps of the journal are not the agent's own: decisions, and tries that ended in a question of the runtime. */
export function stepsOfOthers(asked: readonly Asked[]): number {
  return asked.length + asked.filter(({ subject }) => subject.kind === 'approval' || subject.kind === 'effect').length;
}

/** What an approval allows: the request it came by, and the arguments to call with when a person changed them. */
export interface Approval {
  readonly requestId: RequestId;
  readonly edited?: Readonly<Record<string, unknown>>;
}

/** The approval of exactly this call, if a person gave it: of these arguments, or of others in their place. */
export function approvalOf(
  call: { readonly at: CallPlace; readonly toolVersion: string; readonly arguments: ProposedAction['arguments'] },
  asked: readonly Asked[],
  asker: Pick<Asker, 'tenantId' | 'runId'>,
): Approval | undefined {
  const { at, toolVersion } = call;
  const digest = digestOf({ tool: at.tool, toolVersion, arguments: call.arguments }, asker);
  for (const { requestId, subject, action, decision } of asked) {
    if (action?.digest !== digest || !isAbout(subject, at)) continue;
    if (decision.decision === 'approve' && decision.actionDigest === digest) return { requestId };
    const { edits, actionDigest } = decision;
    if (decision.decision !== 'edit' || edits === undefined) continue;
    if (actionDigest === digestOf({ tool: at.tool, toolVersion, arguments: edits }, asker)) return { requestId, edited: edits };
  }
  return undefined;
}

function isAbout(subject: Subject, at: CallPlace): boolean {
  if (subject.kind === 'agent') return true;
  return subject.kind === 'approval' && subject.step === at.step && subject.position === at.position && subject.tool === at.tool;
}

/** What a person decided about this try of a call whose effect is unknown. */
export function verdictOn(at: CallPlace, attempt: number, asked: readonly Asked[]): string | undefined {
  return asked.findLast(
    ({ subject }) =>
      subject.kind === 'effect' &&
      subject.step === at.step &&
      subject.position === at.position &&
      subject.tool === at.tool &&
      subject.attempt === attempt,
  )?.decision.decision;
}
