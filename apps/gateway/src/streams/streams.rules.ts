import type { EventEnvelope, EventId } from '@support101/contracts';
import type { LiveFact } from '@support101/contracts/gateway';
import type { AuditEntry } from '@support101/contracts/governance';

/** Types after which a run has no more to say. */
const endings: readonly string[] = ['completed', 'failed', 'cancelled', 'timed-out'].map((end) => `agent-runtime.runs.${end}.v1`);

/** True when a run’s stream ends with this fact. */
export function endsRun({ type }: Pick<LiveFact, 'type'>): boolean {
  return endings.includes(type);
}

/** Where in time the chain is looked at again before the last fact that a listener got, in milliseconds: see `missedOf`. */
const windowMs = 12_000;

/** When, after a stream was opened, the audit is looked at again, in milliseconds from the look before: five seconds in all. */
export const looksMs: readonly number[] = [100, 200, 300, 400, 1_000, 1_500, 1_500];

/** The same, from the live end of a run on. */
export const hurriedLooksMs: readonly number[] = [50, 100, 150, 300, 600, 1_200, 2_600];

/** The time in an event’s id, in Unix milliseconds: the first 48 bits of its UUIDv7, behind two that are always 0. */
export function timeOfId(id: EventId): number {
  const digits = '0123456789abcdefghjkmnpqrstvwxyz';
  return [...id.slice(4, 14)].reduce((time, digit) => time * 32 + digits.indexOf(digit), 0);
}

/** True when the fact may have been missed by a listener that got `lastId` last, wherever in the chain it stands. */
export function isNear({ time }: Pick<LiveFact, 'time'>, lastId: EventId): boolean {
  return Date.parse(time) >= timeOfId(lastId) - windowMs;
}

/**
 * What of the chain, oldest first, a listener may not have got whose last fact was `lastId`: what stands behind that fact,
 * and in front of it from the first fact on that is near it in time.
 *
 * Facts of one resource are live, and in the chain, in the order in which they happened. Over different resources neither
 * holds: live, facts come as their services publish them (core NATS, nothing is kept); in the chain they stand as governance
 * got to them (a durable consumer, many resources side by side, each tried again by itself). So in front of the last fact
 * there can be some that were published behind it. And what was published just before the listener came back may be on the
 * audit only after the listener has got later facts live; if it leaves then, this stands in front of its last fact too.
 *
 * The stream looks at the audit again for five seconds (`looksMs`), which is what governance may take with a fact. A fact
 * that is late and not given by those looks was published at most five seconds before they began, and the last fact
 * happened at most five seconds after that: ten, and two for a fact’s way from its transaction to the broker. A fact that
 * was on its way for longer stands between others that were not, so from the first one that is near all are given. Facts
 * are given again rather than left out; a listener drops them by their ids. While governance is further behind than five
 * seconds, facts of the gap can be missing on the stream: they are on the audit later.
 */
export function missedOf<T extends Pick<LiveFact, 'id' | 'time'>>(chain: readonly T[], lastId: EventId): T[] {
  const begin = chain.findIndex((fact) => fact.id === lastId || isNear(fact, lastId));
  return begin === -1 ? [] : chain.slice(begin).filter(({ id }) => id !== lastId);
}

/** A run’s trail, oldest first, up to its end if it has one. */
export function upToEnd(trail: readonly LiveFact[]): { facts: LiveFact[]; over: boolean } {
  const end = trail.findIndex(endsRun);
  return end === -1 ? { facts: [...trail], over: false } : { facts: trail.slice(0, end + 1), over: true };
}

/** The fact in an event. */
export function factOf({ id, type, subject, outcome, time, data }: EventEnvelope): LiveFact {
  return { id, type, resource: subject, outcome, time, data };
}

/** The fact in an audit entry, which names the event’s type without its version. */
export function factOfEntry({ eventId, action, resource, outcome, time, details }: AuditEntry): LiveFact {
  return { id: eventId, type: `${action}.v1`, resource, outcome, time, data: details };
}

/** True for an entry that stands for an event: what the gateway itself put on the audit has none, and was never live. */
export function isOfEvent({ action }: Pick<AuditEntry, 'action'>): boolean {
  return !action.startsWith('gateway.');
}

/** True when the fact’s type begins with one of the topics; no topics mean all. */
export function isWanted({ type }: Pick<LiveFact, 'type'>, topics: readonly string[]): boolean {
  return topics.length === 0 || topics.some((topic) => type === topic || type.startsWith(`${topic}.`));
}

/** The topics of a query, without blanks and empty ones. */
export function topicsOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '');
}

/** True when the fact concerns the run: by its resource or by the run it names. */
export function concernsRun({ resource, data }: LiveFact, runId: string): boolean {
  return resource === `run:${runId}` || data['runId'] === runId;
}

/** A fact as a server-sent event. JSON has no line breaks, so one data line is enough. */
export function frameOf(fact: LiveFact): string {
  return `id: ${fact.id}\nevent: ${fact.type}\ndata: ${JSON.stringify(fact)}\n\n`;
}
