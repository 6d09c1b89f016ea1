export { adminOf, memberOf, operatorOf, platform } from './callers.js';
export { describeTables } from './describe-tables.js';
export { type Engine, engines, startEngine } from './engines.js';
export { envelopeOf, type Told } from './events.js';
export { prepareModels, prepareSchema, type Prepared, type PreparedModels, type ServiceSchema } from './prepare.js';
export { TestedService } from './tested-service.js';
