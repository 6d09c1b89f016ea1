import { describe, expect, it } from '@jest/globals';
import type { RoleDefinition } from '@support101/contracts';
import { checkExpiry, checkNewRole, checkRoom, listed } from './permissions.rules.js';

const role = (name: string, inheritsFrom: string[] = []): RoleDefinition => ({
  name,
  description: '',
  permissions: [],
  inheritsFrom,
});
const many = (count: number) => Array.from({ length: count }, (_, index) => role(`r${index}`));

describe('checkNewRole', () => {
  it.each([
    ['viewer', [], [], 'role_exists'],
    ['lead', [], [role('lead')], 'role_exists'],
    ['lead', ['lead'], [], 'role_cycle'],
    ['lead', ['boss'], [], 'role_not_found'],
    ['lead', ['viewer'], many(100), 'limit_exceeded'],
  ])('refuses %s that inherits from %j', (name, inheritsFrom, own, code) => {
    expect(() => checkNewRole(role(name, inheritsFrom), own)).toThrow(code);
  });

  it('lets a role inherit from built-in roles and the tenant’s own', () => {
    expect(() => checkNewRole(role('lead', ['viewer', 'r1']), many(99))).not.toThrow();
  });
});

describe('listed', () => {
  it('goes by name, built-in and own together, one more than wanted', () => {
    const own = [role('zebra'), role('b-2'), role('b_1')];

    expect(listed(own, undefined, 2).map(({ name }) => name)).toEqual(['admin', 'b-2', 'b_1']);
    expect(listed(own, 'reviewer', 9).map(({ name, builtIn }) => [name, builtIn])).toEqual([
      ['viewer', true],
      ['zebra', false],
    ]);
  });
});

describe('checkRoom', () => {
  it('takes a grant in place of another where there is no room for one more', () => {
    const grants = Array.from({ length: 200 }, (_, index) => ({ resource: `hitl:r${index}`, level: 'read' as const }));

    expect(() => checkRoom(grants, { resource: 'hitl:r7', level: 'read' })).not.toThrow();
    expect(() => checkRoom(grants.slice(1), { resource: 'hitl:new', level: 'read' })).not.toThrow();
    expect(() => checkRoom(grants, { resource: 'hitl:new', level: 'read' })).toThrow('limit_exceeded');
  });
});

describe('checkExpiry', () => {
  const now = new Date('2026-11-22T12:00:00Z');

  it.each([undefined, '2026-11-22T12:00:00.001Z'])('accepts %s', (expiresAt) => {
    expect(() => checkExpiry(expiresAt, now)).not.toThrow();
  });

  it.each(['2026-11-22T12:00:00.000Z', '2020-01-01T00:00:00.000Z'])('refuses %s, which has passed', (expiresAt) => {
    expect(() => checkExpiry(expiresAt, now)).toThrow('validation_failed');
  });
});
