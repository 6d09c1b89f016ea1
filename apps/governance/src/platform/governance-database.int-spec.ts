import { expect, it } from '@jest/globals';
import { isRefused, type Tx } from '@support101/database';
import { describeTables } from '@support101/service-testing';
import { asOwner, fact, prepare } from '../../test/engines.js';
import { governanceService } from '../app.module.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { AuditService } from '../audit/audit.service.js';

describeTables({
  definition: governanceService,
  prepare,
  filled: ['audit_entries', 'audit_heads'],
  fill: ({ database }, tenantId) => {
    const audit = new AuditService(database, new AuditRepository());
    return database.asSystem('audit-chain', (tx) => audit.append(tx, [fact(tenantId)]));
  },
  also: (tables) => {
    it.each([
      ['a tenant', 'change', "update audit_entries set outcome = 'x'"],
      ['a tenant', 'delete', 'delete from audit_entries'],
      ['a tenant', 'add to', 'insert into audit_entries select * from audit_entries'],
      ['a tenant', 'truncate', 'truncate audit_entries'],
      ['a tenant', 'move the end of', 'update audit_heads set sequence = 0'],
      ['the system', 'change', "update audit_entries set outcome = 'x'"],
      ['the system', 'delete', 'delete from audit_entries'],
      ['the system', 'truncate', 'truncate audit_entries'],
      ['the system', 'delete the end of', 'delete from audit_heads'],
    ])('do not let %s %s the audit', async (who, _what, text) => {
      const { database } = tables().prepared;
      const run = (tx: Tx) => tx.query(text);

      const writing = who === 'a tenant' ? database.forTenant(tables().acme, run) : database.asSystem('test', run);

      expect(await writing.then(() => 'written', isRefused)).toBe(true);
    });

    it.each([
      ['change', "update audit_entries set outcome = 'x'"],
      ['delete', 'delete from audit_entries'],
      ['truncate', 'truncate audit_entries'],
      ['delete the end of', 'delete from audit_heads'],
      ['truncate the end of', 'truncate audit_heads'],
    ])('do not let even their owner %s the audit', async (_, statement) => {
      await expect(asOwner(tables().prepared, statement, true)).rejects.toThrow('the audit is append-only');
    });
  },
});
