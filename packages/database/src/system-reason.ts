/**
 * Every reason for which code may see the rows of all tenants: the one list of uses of `asSystem`.
 * A new use adds its reason here, with what it does, so that a reviewer sees it.
 */
export const systemReasons = {
  'outbox-relay': 'claims event rows of all tenants, publishes and marks them',
  'inbox-sweep': 'deletes old inbox rows and idempotency keys of all tenants',
  'dead-letters': 'writes and replays dead letters, also of messages without a readable tenant',
  'job-refill': 'asks for due work of all tenants at boot and at each sweep',
  'run-journal': 'appends finished steps of runs of several tenants in one commit',
  'run-recovery': 'finds runs whose lease has expired',
  'timer-sweep': 'finds timers and deadlines that are due',
  'platform-admin': 'acts for the operator of the platform, who belongs to no tenant',
  credentials: 'finds the tenant that a presented credential belongs to',
  'webhook-sources': 'finds the tenant that an inbound webhook address belongs to',
  'webhook-retention': 'deletes old webhook deliveries of all tenants',
  usage: 'writes what several tenants use in one commit',
  'audit-chain': 'verifies and extends chains that are kept per tenant by one writer',
  projection: 'rebuilds an index, a graph or a cache from the rows of all tenants',
  'demo-data': 'makes the demo tenant at the first start of the standalone',
  'migration-check': 'compares the migrated database with what it should be',
  test: 'arranges or checks rows in a test',
} as const;

export type SystemReason = keyof typeof systemReasons;
