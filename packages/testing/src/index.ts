export { embeddedPostgres, type TestServer } from './embedded-postgres.js';
export { eventually } from './eventually.js';
export { type Keeper, startKeeper } from './keeper-client.js';
export { nats, postgres, redis } from './servers.js';
export { VirtualClock } from './virtual-clock.js';
