import {
  parseOrThrow,
  type AgentId,
  type DataOf,
  type EventContract,
  type EventEnvelope,
  type RequestId,
  type RunId,
} from '@support101/contracts';
import * as runtime from '@support101/contracts/agent-runtime';
import * as hitl from '@support101/contracts/hitl';
import { type Activity, type ActivityType, goldenPathRecorded } from '@support101/contracts/learning';
import { webhookReceived } from '@support101/contracts/webhook-gateway';

/** What is shown of an event besides who and when. */
type Shown = Pick<Activity, 'runId' | 'agentId' | 'requestId' | 'summary'>;

/** Event data name these in the same words everywhere. */
interface Names {
  readonly runId?: RunId | null;
  readonly agentId?: AgentId | null;
  readonly requestId?: RequestId | null;
}

/** No summary is longer; a provider’s own name for an event could be. */
export const longestSummary = 200;

/** How each kind of event is shown. Only ids, our own words and closed lists go in: never what a customer wrote. */
const views: Readonly<Record<ActivityType, (data: unknown) => Shown>> = {
  [runtime.runStarted.type]: view(runtime.runStarted, ({ blueprint }) => `A run of ${blueprint} was accepted`),
  [runtime.runCompleted.type]: view(runtime.runCompleted, ({ outcome }) => `A run completed: ${outcome}`),
  [runtime.runFailed.type]: view(runtime.runFailed, ({ error }) => `A run failed: ${error.code}`),
  [runtime.runCancelled.type]: view(runtime.runCancelled, ({ error }) => `A run was cancelled: ${error.code}`),
  [runtime.runTimedOut.type]: view(runtime.runTimedOut, () => 'A run was not finished in time'),
  [runtime.runHumanRequested.type]: view(
    runtime.runHumanRequested,
    ({ type, priority }) => `A run asked for ${type}, ${priority}`,
  ),
  [runtime.runResumed.type]: view(runtime.runResumed, ({ decision }) => `A run goes on: ${decision}`),
  [runtime.ticketCreated.type]: view(runtime.ticketCreated, ({ priority }) => `A run opened a ticket, ${priority}`),
  [hitl.requestOpened.type]: view(hitl.requestOpened, ({ type, priority }) => `A request was opened: ${type}, ${priority}`),
  [hitl.requestDecided.type]: view(hitl.requestDecided, ({ decision }) => `A request was decided: ${decision}`),
  [hitl.requestExpired.type]: view(hitl.requestExpired, ({ type }) => `A request expired undecided: ${type}`),
  [hitl.requestCancelled.type]: view(hitl.requestCancelled, ({ type }) => `A request was taken back: ${type}`),
  [hitl.requestSlaBreached.type]: view(hitl.requestSlaBreached, ({ priority }) => `A request is past its deadline, ${priority}`),
  [webhookReceived.type]: view(webhookReceived, ({ type }) => `A webhook came: ${type}`),
  [goldenPathRecorded.type]: view(goldenPathRecorded, ({ effect }) => `A decision was learned: ${effect}`),
};

/** True for an event that stands in the activity list. */
export function isActivity(type: string): type is ActivityType {
  return Object.hasOwn(views, type);
}

/** The entry of the list for an event; undefined for one that has no place there. Throws when its data are not its contract’s. */
export function activityOf(event: EventEnvelope): Activity | undefined {
  const { id: eventId, type, subject: resource, outcome, time: happenedAt } = event;
  if (!isActivity(type)) return undefined;
  const principal = { type: event.principaltype, id: event.principalid };
  return { eventId, type, resource, principal, outcome, ...views[type](event.data), happenedAt };
}

function view<E extends EventContract>(event: E, say: (data: DataOf<E>) => string): (data: unknown) => Shown {
  return (raw) => {
    const data = parseOrThrow(event.data, raw) as DataOf<E>;
    const { runId = null, agentId = null, requestId = null } = data as Names;
    return { runId, agentId, requestId, summary: say(data).slice(0, longestSummary).toWellFormed() };
  };
}
