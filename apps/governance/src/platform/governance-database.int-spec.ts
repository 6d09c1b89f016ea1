import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { drift, isRefused, type Tx, unprotectedTables } from '@support101/database';
import { messagingSchemaFile } from '@support101/messaging';
import { newId } from '@support101/service-kit';
import { asOwner, engines, fact, prepare, type Prepared } from '../../test/engines.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { AuditService } from '../audit/audit.service.js';

describe.each(engines)('the tables of governance (%s)', (engine) => {
  const acme = newId('ten');
  const globex = newId('ten');
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
    const audit = new AuditService(prepared.database, new AuditRepository());
    await prepared.database.asSystem('audit-chain', (tx) => audit.append(tx, [fact(acme), fact(globex)]));
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const asAcme = (text: string) => prepared.database.forTenant(acme, (tx) => tx.query(text));
  const asSystem = (text: string) => prepared.database.asSystem('test', (tx) => tx.query(text));
  const outcomeOf = (writing: Promise<unknown>) =>
    writing.then(
      () => 'written',
      (error: unknown) => (isRefused(error) ? 'refused' : error),
    );

  it('are those that the Prisma schema describes', async () => {
    const schemaFiles = [new URL('../../prisma/schema.prisma', import.meta.url), messagingSchemaFile];

    expect(await drift({ url: prepared.url, schema: 'governance', schemaFiles })).toBe('');
  });

  it('are all protected by row-level security', async () => {
    expect(await unprotectedTables(prepared.database)).toEqual([]);
  });

  it('show a tenant its own audit only', async () => {
    const tenants = (tx: Tx) =>
      tx.query<{ tenant_id: TenantId }>('select tenant_id from audit_entries union select tenant_id from audit_heads');

    expect(await prepared.database.forTenant(acme, tenants)).toEqual([{ tenant_id: acme }]);
  });

  it.each([
    ['a tenant', 'change', asAcme, "update audit_entries set outcome = 'x'"],
    ['a tenant', 'delete', asAcme, 'delete from audit_entries'],
    ['a tenant', 'add to', asAcme, 'insert into audit_entries select * from audit_entries'],
    ['a tenant', 'truncate', asAcme, 'truncate audit_entries'],
    ['a tenant', 'move the end of', asAcme, 'update audit_heads set sequence = 0'],
    ['the system', 'change', asSystem, "update audit_entries set outcome = 'x'"],
    ['the system', 'delete', asSystem, 'delete from audit_entries'],
    ['the system', 'truncate', asSystem, 'truncate audit_entries'],
    ['the system', 'delete the end of', asSystem, 'delete from audit_heads'],
  ])('do not let %s %s the audit', async (_who, _what, as, text) => {
    expect(await outcomeOf(as(text))).toBe('refused');
  });

  it.each([
    ['change', "update audit_entries set outcome = 'x'"],
    ['delete', 'delete from audit_entries'],
    ['truncate', 'truncate audit_entries'],
    ['delete the end of', 'delete from audit_heads'],
    ['truncate the end of', 'truncate audit_heads'],
  ])('do not let even their owner %s the audit', async (_, statement) => {
    await expect(asOwner(prepared, statement, true)).rejects.toThrow('the audit is append-only');
  });

  it('cannot be written for another tenant', async () => {
    const role = { name: 'x', description: '', permissions: [], createdAt: new Date() };
    const inserting = prepared.governance.forTenant(acme, (tx) => tx.prisma.role.create({ data: { ...role, tenantId: globex } }));

    expect(await outcomeOf(inserting)).toBe('refused');
  });
});
