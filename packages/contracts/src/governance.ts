export * from './governance/audit.contract.js';
export * from './governance/dashboard.contract.js';
export * from './governance/permissions.contract.js';
