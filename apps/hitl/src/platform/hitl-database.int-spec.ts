import { expect, it } from '@jest/globals';
import { describeTables } from '@support101/service-testing';
import { insertRequest, prepare } from '../../test/engines.js';
import { hitlService } from '../app.module.js';
import { tenantTables } from '../tenants/tenants.repository.js';

describeTables({
  definition: hitlService,
  prepare,
  filled: ['requests'],
  fill: insertRequest,
  also: (tables) => {
    it('are all emptied when a tenant is deleted', () => {
      expect(tables().owned).toEqual([...tenantTables].sort());
    });
  },
});
