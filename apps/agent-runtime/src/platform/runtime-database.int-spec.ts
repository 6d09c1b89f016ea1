import { describeTables } from '@support101/service-testing';
import { definition, insertAgent, insertRun, prepare } from '../../test/engines.js';

describeTables({
  definition,
  prepare,
  filled: ['agents', 'runs', 'run_leases'],
  fill: async (prepared, tenantId) => {
    await insertAgent(prepared, tenantId);
    await insertRun(prepared, tenantId);
  },
});
