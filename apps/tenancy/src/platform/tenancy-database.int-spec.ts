import { expect, it } from '@jest/globals';
import { describeTables } from '@support101/service-testing';
import { insertTenant, prepare } from '../../test/engines.js';
import { tenancyService } from '../app.module.js';
import { TenantsRepository } from '../tenants/tenants.repository.js';

describeTables({
  definition: tenancyService,
  prepare,
  filled: ['tenants'],
  fill: (prepared, tenantId) => insertTenant(prepared, 'Acme', undefined, tenantId),
  also: (tables) => {
    it('show everybody’s rows to the platform', async () => {
      const { prepared, acme, globex } = tables();

      const all = await prepared.models.asSystem('platform-admin', (tx) => new TenantsRepository().list(tx, {}, 10));

      expect(all.map(({ tenantId }) => tenantId).sort()).toEqual([acme, globex].sort());
    });
  },
});
