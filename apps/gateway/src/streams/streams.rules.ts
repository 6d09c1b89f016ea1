import type { EventEnvelope } from '@support101/contracts';
import type { LiveFact } from '@support101/contracts/gateway';
import type { AuditEntry } from '@support101/contracts/governance';

/** Types after which a run has no more to say. */
const endings: readonly string[] = ['completed', 'failed', 'cancelled', 'timed-out'].map((end) => `agent-runtime.runs.${end}.v1`);

/** True when a run’s stream ends with this fact. */
export function endsRun({ type }: LiveFact): boolean {
  return endings.includes(type);
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
