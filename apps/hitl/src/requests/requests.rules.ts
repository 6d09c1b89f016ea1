import { DomainError, type ErrorCode } from '@support101/contracts';
import type { RequestPriority, RequestStatus, SlaState } from '@support101/contracts/hitl';
import { checkAnswer } from './requests-edits.rules.js';

/** How long a claim keeps others out, in milliseconds. */
export const claimMs = 15 * 60 * 1000;

/** A request as far as its life is concerned. */
export interface Life {
  readonly options: readonly string[];
  /** Whether it is about an action, whose arguments may be edited, or about an answer. */
  readonly hasAction: boolean;
  readonly slaWarnAt: Date;
  readonly slaDeadline: Date;
  readonly expiresAt: Date | null;

  readonly status: RequestStatus;
  readonly assignedTo: string | null;
  /** The principal whose claim this is, and until when; a claim that has run out keeps nobody out. */
  readonly claimedBy: string | null;
  readonly claimExpiresAt: Date | null;
  readonly slaWarnedAt: Date | null;
  readonly slaBreachedAt: Date | null;
  readonly decision: string | null;
  readonly reason: string | null;
  readonly edits: Readonly<Record<string, unknown>> | null;
  readonly response: string | null;
  readonly decidedBy: string | null;
  readonly closedAt: Date | null;
  readonly version: number;
}

/** Who wants something of a request. */
export interface Actor {
  readonly principalId: string;
  /** May take a request away from whoever has claimed it. */
  readonly mayOverride: boolean;
}

/** What a reviewer answers. */
interface Answer {
  readonly decision: string;
  readonly reason?: string | undefined;
  readonly edits?: Readonly<Record<string, unknown>> | undefined;
  readonly response?: string | undefined;
  /** The version that the reviewer has seen. */
  readonly expectedVersion?: number | undefined;
}

/** Everything that can be done to a request; `tick` is time passing. */
export type Command =
  | { readonly kind: 'claim'; readonly principalId: string; readonly assignee: string }
  | { readonly kind: 'assign'; readonly reviewerId: string; readonly how: 'assigned' | 'automatic'; readonly by: Actor }
  | { readonly kind: 'unassign'; readonly by: Actor }
  | { readonly kind: 'decide'; readonly principalId: string; readonly answer: Answer }
  | { readonly kind: 'cancel'; readonly reason: string }
  | { readonly kind: 'tick' };

/** What came of it, in the order in which it became true. Each is told in an event. */
export type Fact =
  | { readonly kind: 'assigned'; readonly assignedTo: string; readonly how: 'claimed' | 'assigned' | 'automatic' }
  | { readonly kind: 'released'; readonly how: 'unassigned' | 'lease_expired' }
  | { readonly kind: 'decided' | 'expired' | 'warned' | 'breached' }
  | { readonly kind: 'cancelled'; readonly reason: string };

/** A request after a command; the very same object when nothing has changed. */
export interface Step<L extends Life = Life> {
  readonly after: L;
  readonly facts: readonly Fact[];
}

/**
 * The state machine. Whatever fell due before `at` comes first, so that a late timer changes nothing about what is true.
 * Throws the reason when the request does not allow the command.
 */
export function advance<L extends Life>(before: L, command: Command, at: Date): Step<L> {
  const due = catchUp(before, at);
  if (command.kind === 'tick') return due;
  const obeyed = obey(due.after, command, at);
  return { after: obeyed.after, facts: [...due.facts, ...obeyed.facts] };
}

/** True while somebody may still decide. */
export function isOpen(status: RequestStatus): boolean {
  return status === 'pending' || status === 'assigned';
}

/** When something about the request next falls due by itself; null when nothing will. */
export function nextDue(life: Life): Date | null {
  if (!isOpen(life.status)) return null;
  const { slaWarnAt, slaDeadline, slaWarnedAt, slaBreachedAt, expiresAt, claimExpiresAt } = life;
  const moments = [
    slaBreachedAt === null ? slaDeadline : null,
    slaBreachedAt === null && slaWarnedAt === null ? slaWarnAt : null,
    expiresAt,
    claimExpiresAt,
  ].filter((moment) => moment !== null);
  return moments.reduce<Date | null>((first, moment) => (first === null || moment < first ? moment : first), null);
}

/** How the request stands to its deadline at that moment. */
export function slaState(life: Life, at: Date): SlaState {
  if (isOpen(life.status)) {
    if (life.slaBreachedAt !== null || life.slaDeadline <= at) return 'breached';
    return life.slaWarnAt <= at ? 'at_risk' : 'on_track';
  }
  // Nobody decided one that expired, however early it did.
  return life.slaBreachedAt !== null || life.status === 'expired' ? 'missed' : 'met';
}

/** The place of each priority in the order of urgency. */
export const ranks = { critical: 0, high: 1, medium: 2, low: 3 } as const satisfies Record<RequestPriority, number>;

/** Refuses a decision by anything but a person or a program that acts for one. */
export function checkMayDecide(principalType: string): void {
  if (principalType === 'agent' || principalType === 'service') throw new DomainError('forbidden', 'A person decides.');
}

function catchUp<L extends Life>(before: L, at: Date): Step<L> {
  if (!isOpen(before.status)) return { after: before, facts: [] };
  const expires = isDue(before.expiresAt, at);
  // What would have fallen due after the expiry did not happen; what did, in the order in which it was due.
  const until = expires && before.expiresAt !== null ? before.expiresAt : at;
  const happened = [lease(before, until), sla(before, until, at)].filter((each) => each !== undefined);
  happened.sort((one, other) => one.due.getTime() - other.due.getTime());
  if (expires) happened.push({ due: until, ...close('expired', at, { kind: 'expired' }) });
  return happened.reduce<Step<L>>(
    (step, { change, facts }) => ({ after: { ...step.after, ...change }, facts: [...step.facts, ...facts] }),
    { after: before, facts: [] },
  );
}

interface Change {
  /** Undefined when nothing changes. */
  readonly change?: Partial<Life>;
  readonly facts: readonly Fact[];
}

interface Happened extends Change {
  readonly due: Date;
}

function lease({ claimExpiresAt }: Life, until: Date): Happened | undefined {
  return claimExpiresAt !== null && isDue(claimExpiresAt, until)
    ? { due: claimExpiresAt, ...release('lease_expired') }
    : undefined;
}

function sla({ slaWarnAt, slaDeadline, slaWarnedAt, slaBreachedAt }: Life, until: Date, at: Date): Happened | undefined {
  if (slaBreachedAt !== null) return undefined;
  if (isDue(slaDeadline, until)) return { due: slaDeadline, change: { slaBreachedAt: at }, facts: [{ kind: 'breached' }] };
  if (slaWarnedAt !== null || !isDue(slaWarnAt, until)) return undefined;
  return { due: slaWarnAt, change: { slaWarnedAt: at }, facts: [{ kind: 'warned' }] };
}

function release(how: 'unassigned' | 'lease_expired'): Change {
  const change = { status: 'pending', assignedTo: null, claimedBy: null, claimExpiresAt: null } as const;
  return { change, facts: [{ kind: 'released', how }] };
}

function close(status: 'completed' | 'expired' | 'cancelled', closedAt: Date, fact: Fact): Change {
  return { change: { status, closedAt, claimedBy: null, claimExpiresAt: null }, facts: [fact] };
}

function obey<L extends Life>(life: L, command: Exclude<Command, { kind: 'tick' }>, at: Date): Step<L> {
  const { change, facts } = changeOf(life, command, at);
  return { after: change === undefined ? life : { ...life, ...change }, facts };
}

function changeOf(life: Life, command: Exclude<Command, { kind: 'tick' }>, at: Date): Change {
  switch (command.kind) {
    case 'claim':
      return claim(life, command, at);
    case 'assign':
      return assign(life, command);
    case 'unassign':
      requireOpen(life);
      requireNoForeignClaim(life, command.by);
      return life.status === 'assigned' ? release('unassigned') : { facts: [] };
    case 'decide':
      return decide(life, command, at);
    case 'cancel': {
      requireOpen(life);
      const { change, facts } = close('cancelled', at, { kind: 'cancelled', reason: command.reason });
      return { change: { ...change, reason: command.reason }, facts };
    }
  }
}

function claim(life: Life, { principalId, assignee }: Extract<Command, { kind: 'claim' }>, at: Date): Change {
  requireOpen(life);
  requireNoForeignClaim(life, { principalId, mayOverride: false });
  const change = {
    status: 'assigned',
    assignedTo: assignee,
    claimedBy: principalId,
    claimExpiresAt: new Date(at.getTime() + claimMs),
  } as const;
  const renewed = life.claimedBy === principalId;
  return { change, facts: renewed ? [] : [{ kind: 'assigned', assignedTo: assignee, how: 'claimed' }] };
}

function assign(life: Life, { reviewerId, how, by }: Extract<Command, { kind: 'assign' }>): Change {
  requireOpen(life);
  if (life.assignedTo === reviewerId) return { facts: [] };
  requireNoForeignClaim(life, by);
  const change = { status: 'assigned', assignedTo: reviewerId, claimedBy: null, claimExpiresAt: null } as const;
  return { change, facts: [{ kind: 'assigned', assignedTo: reviewerId, how }] };
}

function decide(life: Life, { principalId, answer }: Extract<Command, { kind: 'decide' }>, at: Date): Change {
  requireOpen(life, 'request_already_decided');
  const { decision, expectedVersion } = answer;
  if (expectedVersion !== undefined && expectedVersion !== life.version) {
    throw new DomainError('version_mismatch', `The request is at version ${life.version}, not ${expectedVersion}.`);
  }
  requireNoForeignClaim(life, { principalId, mayOverride: false });
  if (!life.options.includes(decision)) {
    throw new DomainError('decision_not_offered', `The request offers ${life.options.join(', ')}.`);
  }
  checkAnswer(answer, life.hasAction);
  const { change, facts } = close('completed', at, { kind: 'decided' });
  const { reason = null, edits = null, response = null } = answer;
  return { change: { ...change, decision, reason, edits, response, decidedBy: principalId }, facts };
}

function requireOpen({ status }: Life, whenDecided: ErrorCode = 'request_closed'): void {
  if (isOpen(status)) return;
  throw new DomainError(status === 'completed' ? whenDecided : 'request_closed', `The request is ${status}.`);
}

/** Only claims that have not run out are left when this is asked. */
function requireNoForeignClaim({ claimedBy }: Life, { principalId, mayOverride }: Actor): void {
  if (claimedBy !== null && claimedBy !== principalId && !mayOverride) throw new DomainError('request_claimed');
}

function isDue(moment: Date | null, at: Date): boolean {
  return moment !== null && moment <= at;
}
