export { embeddedPostgres, type TestServer } from './embedded-postgres.js';
export { eventually } from './eventually.js';
export { anExampleOf } from './example.js';
export { type Keeper, startKeeper } from './keeper-client.js';
export { fakeOpenAi, type FakeOpenAi } from './openai/fake-openai.js';
export type { ChatReply, OpenAiFault, OpenAiRequest } from './openai/openai-wire.js';
export { nats, postgres, redis } from './servers.js';
export { VirtualClock } from './virtual-clock.js';
