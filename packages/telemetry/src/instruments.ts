import { CounterInstrument, DurationInstrument, GaugeInstrument, type Instrument } from './instrument.js';

/** Everything that this system measures. Alerts and dashboards may use these names and no others. */
export const measures = {
  httpRequests: new DurationInstrument({
    name: 'support101_http_request_duration_seconds',
    description: 'Requests of clients that the gateway answered, by route template and class of status',
    labels: ['method', 'route', 'status'],
  }),
  commandsAnswered: new DurationInstrument({
    name: 'support101_command_answer_duration_seconds',
    description: 'Commands that a service answered; outcome is ok or the code of the problem',
    labels: ['command', 'outcome'],
  }),
  commandsAsked: new DurationInstrument({
    name: 'support101_command_call_duration_seconds',
    description: 'Commands that a process asked others, with the time on the wire; outcome is ok or the code of the problem',
    labels: ['command', 'outcome'],
  }),
  eventsHandled: new DurationInstrument({
    name: 'support101_event_handling_duration_seconds',
    description: 'Deliveries of events to a durable; outcome is handled or failed, and a failed one comes again',
    labels: ['durable', 'outcome'],
  }),
  consumerLag: new GaugeInstrument({
    name: 'support101_consumer_lag_events',
    unit: '{event}',
    description: 'Events that a durable has not settled: waiting for it, or delivered and not yet acknowledged',
    labels: ['durable', 'state'],
  }),
  deadLetters: new CounterInstrument({
    name: 'support101_dead_letters_total',
    unit: '{event}',
    description: 'Events that a durable gave up on',
    labels: ['durable'],
  }),
  factsRecorded: new CounterInstrument({
    name: 'support101_facts_recorded_total',
    unit: '{fact}',
    description:
      'Facts that were committed, by type of event and its outcome: runs that ended and how, requests to people that were opened, decided or missed their time',
    labels: ['type', 'outcome'],
  }),
  eventsPublished: new CounterInstrument({
    name: 'support101_events_published_total',
    unit: '{event}',
    description: 'Events that the relay handed to the broker; outcome is published or failed, and a failed one is tried again',
    labels: ['schema', 'outcome'],
  }),
  outboxRows: new GaugeInstrument({
    name: 'support101_outbox_waiting_events',
    unit: '{event}',
    description: 'Recorded events that are not published yet; 100000 stands for that many or more',
    labels: ['schema'],
  }),
  outboxAge: new GaugeInstrument({
    name: 'support101_outbox_oldest_seconds',
    unit: 's',
    description: 'Age of the oldest recorded event that is not published yet; 0 when there is none',
    labels: ['schema'],
  }),
  jobsStarted: new CounterInstrument({
    name: 'support101_jobs_started_total',
    unit: '{attempt}',
    description: 'Attempts at jobs that began',
    labels: ['job'],
  }),
  jobsEnded: new DurationInstrument({
    name: 'support101_job_duration_seconds',
    description:
      'Attempts at jobs that ended; outcome is done or failed, and a failed one is tried again while attempts are left',
    labels: ['job', 'outcome'],
  }),
  jobsExhausted: new CounterInstrument({
    name: 'support101_jobs_exhausted_total',
    unit: '{job}',
    description: 'Jobs that have used up their attempts',
    labels: ['job'],
  }),
  jobsQueued: new GaugeInstrument({
    name: 'support101_jobs_queued',
    unit: '{job}',
    description: 'Jobs that are kept: waiting for a worker, delayed until their time, or active',
    labels: ['job', 'state'],
  }),
  transactions: new DurationInstrument({
    name: 'support101_database_transaction_duration_seconds',
    description: 'Transactions, with the wait for a connection; kind is tenant or system, outcome committed or failed',
    labels: ['schema', 'kind', 'outcome'],
  }),
  connections: new GaugeInstrument({
    name: 'support101_database_connections',
    unit: '{connection}',
    description: 'Connections to the database, used or idle',
    labels: ['schema', 'state'],
  }),
  connectionWaits: new GaugeInstrument({
    name: 'support101_database_waiting_transactions',
    unit: '{transaction}',
    description: 'Transactions that wait for a connection',
    labels: ['schema'],
  }),
  readyProcesses: new GaugeInstrument({
    name: 'support101_ready_processes',
    unit: '{process}',
    description: '1 while the process is ready, 0 while it starts, drains, or a part that it needs is down',
    labels: [],
  }),
  cpuSeconds: new GaugeInstrument(
    { name: 'process_cpu_seconds_total', unit: 's', description: 'CPU time used, user and system', labels: [] },
    'counter',
  ),
  residentBytes: new GaugeInstrument({
    name: 'process_resident_memory_bytes',
    unit: 'By',
    description: 'Memory held, resident',
    labels: [],
  }),
  startTime: new GaugeInstrument({
    name: 'process_start_time_seconds',
    unit: 's',
    description: 'When the process started, Unix time',
    labels: [],
  }),
  heapBytes: new GaugeInstrument({
    name: 'support101_heap_used_bytes',
    unit: 'By',
    description: 'JavaScript heap in use',
    labels: [],
  }),
  loopDelay: new GaugeInstrument({
    name: 'support101_event_loop_delay_seconds',
    unit: 's',
    description: 'How late timers fired since the last scrape, by quantile',
    labels: ['quantile'],
  }),
  loopUse: new GaugeInstrument({
    name: 'support101_event_loop_utilization_ratio',
    unit: '1',
    description: 'Share of the time since the last scrape in which the event loop was busy',
    labels: [],
  }),
} as const;

/** The same as a list of plain facts: what alert rules, dashboards and documents are checked against. */
export const instruments: readonly Instrument[] = Object.values(measures).map(({ name, kind, unit, description, labels }) => ({
  name,
  kind,
  unit,
  description,
  labels,
}));
