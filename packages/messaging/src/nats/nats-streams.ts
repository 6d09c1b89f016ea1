import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { eventSubject, eventSubjectRoot, isDomainError } from '@support101/contracts';
import { everyType } from '../transport.js';
import type { NatsLink } from './nats-link.js';

const day = 24 * 60 * 60 * 1_000;

/** The streams of the system. Outside consumers know the first one's name and subjects. */
export const streamNames = {
  events: 'SUPPORT101_EVENTS',
  deadLetters: 'SUPPORT101_DEAD_LETTERS',
  leases: 'SUPPORT101_LEASES',
} as const;

/** Subjects of the other two streams; those of events come from `eventSubject`. */
export const deadLetterSubject = (durable: string, tenantId: string): string =>
  `${eventSubjectRoot}.dead-letters.${durable}.${tenantId}`;
/** Where the lease of that name is kept. */
export const leaseSubject = (name: string): string => `${eventSubjectRoot}.leases.${name}`;
/** Among the leases, what is stored to learn the server's time: no durable is called so, a service's name and `-` begin theirs. */
export const clockSubject = leaseSubject('clock');

/** How long a delivered event waits for a sign of life before it is given to another process. */
export const ackWaitMs = 5_000;

type Wanted = Partial<StreamConfig> & Pick<StreamConfig, 'name'>;

function wantedStreams(replicas: number): Wanted[] {
  const kept = { retention: RetentionPolicy.Limits, storage: StorageType.File, num_replicas: replicas };
  return [
    {
      ...kept,
      name: streamNames.events,
      subjects: [`${eventSubjectRoot}.v1.>`],
      max_age: nanos(7 * day),
      duplicate_window: nanos(120_000),
    },
    { ...kept, name: streamNames.deadLetters, subjects: [`${eventSubjectRoot}.dead-letters.>`], max_age: nanos(90 * day) },
    // Who consumes what now: worth nothing after a restart of the server.
    {
      ...kept,
      name: streamNames.leases,
      subjects: [`${eventSubjectRoot}.leases.*`],
      storage: StorageType.Memory,
      max_msgs_per_subject: 1,
    },
  ];
}

/**
 * Makes the streams, or brings them to what they must be, and gives back the events' one. Servers drop settings they
 * do not know without a word: so what they say afterwards is read and compared. How long and on how many servers
 * events are kept is the operator's to change.
 */
export async function ensureStreams(jsm: JetStreamManager, replicas: number): Promise<StreamInfo> {
  let events: StreamInfo | undefined;
  for (const wanted of wantedStreams(replicas)) {
    const info = await ensureStream(jsm, wanted);
    if (wanted.name === streamNames.events) events = info;
  }
  return events as StreamInfo;
}

/** The stream in this life of it: the same name with another time of creation is another store. */
export function storeName(events: StreamInfo): string {
  return `${events.config.name} ${events.created}`;
}

async function ensureStream(jsm: JetStreamManager, wanted: Wanted): Promise<StreamInfo> {
  const { max_age: _age, num_replicas: _replicas, ...must } = wanted;
  let info = await jsm.streams.info(wanted.name).catch((error: unknown) => {
    if (isApiError(error, JetStreamApiCodes.StreamNotFound)) return jsm.streams.add(wanted);
    throw error;
  });
  if (differences(must, info.config).length > 0) {
    await jsm.streams.update(wanted.name, { ...info.config, ...must });
    info = await jsm.streams.info(wanted.name);
  }
  refuse(`the stream ${wanted.name}`, differences(must, info.config));
  return info;
}

/** Makes a durable's consumer, or brings it to what it must be. A new one begins with the oldest event that is kept. */
export async function ensureConsumer(
  { jsm, version }: Pick<NatsLink, 'jsm' | 'version'>,
  durable: string,
  types: readonly string[],
): Promise<void> {
  const must = {
    ...filtersOf(types, version),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: 1_000,
    max_deliver: -1,
  } satisfies Partial<ConsumerConfig>;
  const wanted: ConsumerConfig = { ...must, durable_name: durable, deliver_policy: DeliverPolicy.All, replay_policy: 'instant' };
  let info = await jsm.consumers.info(streamNames.events, durable).catch((error: unknown) => {
    if (isApiError(error, JetStreamApiCodes.ConsumerNotFound)) return jsm.consumers.add(streamNames.events, wanted);
    throw error;
  });
  if (differences(must, info.config).length > 0) {
    await jsm.consumers.update(streamNames.events, durable, must);
    info = await jsm.consumers.info(streamNames.events, durable);
  }
  refuse(`the consumer ${durable}`, differences(must, info.config));
}

/**
 * What a consumer of these types is sent: exactly them, or where a server before 2.10 knows one filter only, what one
 * subject covers: where the types differ it has a `*`.
 */
export function filtersOf(types: readonly string[], version: string): Pick<ConsumerConfig, 'filter_subject' | 'filter_subjects'> {
  const subjects = types.includes(everyType)
    ? [`${eventSubjectRoot}.v1.>`]
    : [...new Set(types)].toSorted().map((type) => eventSubject(type, '*'));
  if (!knowsManyFilters(version)) return { filter_subject: commonSubject(subjects) };
  // The empty one takes the place of what an older server, or version of this, had set.
  return { filter_subject: '', filter_subjects: subjects };
}

function knowsManyFilters(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 10);
}

function commonSubject(subjects: readonly string[]): string {
  const [first = [], ...others] = subjects.map((subject) => subject.split('.'));
  return first.map((token, index) => (others.every((subject) => subject[index] === token) ? token : '*')).join('.');
}

/** The event type that a subject made by `eventSubject` carries. */
export function eventTypeOf(subject: string): string {
  const [, version, , ...name] = subject.split('.');
  return `${name.join('.')}.${version}`;
}

/** True for an answer of JetStream's API with this code. */
export function isApiError(error: unknown, ...codes: number[]): boolean {
  return error instanceof JetStreamApiError && codes.includes(error.code);
}

/** True when the stream or consumer that was meant is not there. */
export function isMissing(error: unknown): boolean {
  // Nobody answered on the stream's subjects.
  if (error instanceof Error && error.name === 'JetStreamNotEnabled') return true;
  if (isDomainError(error)) return error.code === 'service_unavailable';
  return isApiError(error, JetStreamApiCodes.StreamNotFound, JetStreamApiCodes.ConsumerNotFound);
}

function differences(must: object, is: object): string[] {
  const actual = new Map(Object.entries(is));
  return (
    Object.entries(must)
      // Servers leave out what is empty.
      .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(actual.get(key) ?? (value === '' ? '' : undefined)))
      .map(([key, value]) => `${key} is ${JSON.stringify(actual.get(key))}, must be ${JSON.stringify(value)}`)
  );
}

function refuse(what: string, wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error(`${what} cannot be used: ${wrong.join('; ')}`);
}
