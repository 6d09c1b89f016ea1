export * from './tenancy/api-keys.contract.js';
export * from './tenancy/limits.contract.js';
export * from './tenancy/tenant.js';
export * from './tenancy/tenants.contract.js';
export * from './tenancy/usage.contract.js';
