export {
  embeddedPostgres,
  embeddedTemplates,
  temporaryFolder,
  type TemporaryFolder,
  type TestServer,
} from './embedded-postgres.js';
export { eventually } from './eventually.js';
export { anExampleOf } from './example.js';
export { type Keeper, startKeeper } from './keeper-client.js';
export { fakeOpenAi, type FakeOpenAi } from './openai/fake-openai.js';
export type { ChatReply, OpenAiFault, OpenAiRequest } from './openai/openai-wire.js';
export { type CollectedSpan, fakeCollector, type FakeCollector } from './otlp/fake-collector.js';
export { type EngineKind, LocalEngine } from './local-engine.js';
export { productServices, ProductProcesses, type ProductOptions, type ProductService } from './product/product-processes.js';
export { ServiceProcess, type ServiceProcessOptions } from './product/service-process.js';
export { administer, nats, postgres, redis, serverHasAge } from './servers.js';
export { VirtualClock } from './virtual-clock.js';
export { Wire } from './wire.js';
