import { Injectable } from '@nestjs/common';
import { type Caller, DomainError, type InputOf, type OutputOf, type TenantCaller, TenantId } from '@support101/contracts';
import { countAgents } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/tenancy';
import { CommandClient, Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, newId, pageOf } from '@support101/service-kit';
import { TenancyDatabase, type TenancyTx } from '../platform/tenancy-database.js';
import { type TenantRow, TenantsRepository } from './tenants.repository.js';
import * as rules from './tenants.rules.js';

export { limitsOf, type OwnLimits } from './tenants.rules.js';

/** Tenants: who is a customer, in what state, and with which limits. */
@Injectable()
export class TenantsService {
  constructor(
    private readonly database: TenancyDatabase,
    private readonly tenants: TenantsRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly commands: CommandClient,
  ) {}

  create(input: InputOf<typeof contract.createTenant>, caller: Caller): Promise<contract.Tenant> {
    const { autoActivate, settings, ...given } = input;
    const tenantId = newId('ten');
    return this.database.onceForPlatform(contract.createTenant, input, caller, async (tx) => {
      const now = this.clock.now();
      const row = await this.tenants.insert(tx, {
        ...given,
        tenantId,
        settings: rules.checkedSettings(settings),
        status: autoActivate ? 'active' : 'pending',
        createdAt: now,
        activatedAt: autoActivate ? now : null,
      });
      const { name, tier, status } = row;
      await this.outbox.record(tx, contract.tenantCreated, { tenantId, name, tier, status }, caller, { tenantId });
      return toTenant(row);
    });
  }

  async get(tenantId: TenantId): Promise<contract.Tenant> {
    return toTenant(await this.database.forTenant(tenantId, (tx) => this.require(tx, tenantId)));
  }

  async list(input: InputOf<typeof contract.listTenants>): Promise<OutputOf<typeof contract.listTenants>> {
    const { cursor, limit, ...filter } = input;
    const before = keyOfCursor(TenantId, cursor);
    const rows = await this.database.asSystem('platform-admin', (tx) => this.tenants.list(tx, { ...filter, before }, limit + 1));
    return pageOf(rows, limit, ({ tenantId }) => tenantId, toTenant);
  }

  update(input: InputOf<typeof contract.updateTenant>, caller: TenantCaller): Promise<contract.Tenant> {
    rules.checkMayEdit(input, caller.principal);
    const { tenantId } = input;
    return this.database.forTenant(tenantId, async (tx) => {
      const row = await this.hold(tx, tenantId);
      rules.checkVersion(row.version, input.expectedVersion);
      const { after, changed } = rules.edited(row, input);
      if (changed.length === 0) return toTenant(row);
      const saved = await this.tenants.save(tx, tenantId, after, this.clock.now());
      const { name, tier, allowedBlueprints } = saved;
      const fact = { tenantId, name, tier, allowedBlueprints, changed };
      await this.outbox.record(tx, contract.tenantUpdated, fact, caller);
      await this.#recordLimits(tx, row, saved, caller);
      return toTenant(saved);
    });
  }

  setLimits(input: InputOf<typeof contract.setTenantLimits>, caller: Caller): Promise<contract.Tenant> {
    const { tenantId } = input;
    const ownLimits = rules.ownLimits(input);
    return this.database.forTenant(tenantId, async (tx) => {
      const row = await this.hold(tx, tenantId);
      rules.checkVersion(row.version, input.expectedVersion);
      if (rules.sameLimits(row.ownLimits, ownLimits)) return toTenant(row);
      const saved = await this.tenants.save(tx, tenantId, { ownLimits }, this.clock.now());
      await this.#recordLimits(tx, row, saved, caller);
      return toTenant(saved);
    });
  }

  activate(input: InputOf<typeof contract.activateTenant>, caller: Caller): Promise<contract.Tenant> {
    const acting = rules.actingOn(caller, input.tenantId);
    return this.database.once(contract.activateTenant, input, acting, async (tx) => {
      const { from, saved } = await this.#move(tx, input.tenantId, 'activate');
      await this.outbox.record(tx, contract.tenantActivated, { tenantId: saved.tenantId, from }, acting);
      return toTenant(saved);
    });
  }

  suspend(input: InputOf<typeof contract.suspendTenant>, caller: Caller): Promise<contract.Tenant> {
    const acting = rules.actingOn(caller, input.tenantId);
    return this.database.once(contract.suspendTenant, input, acting, async (tx) => {
      const { from, saved } = await this.#move(tx, input.tenantId, 'suspend', input.reason);
      await this.outbox.record(tx, contract.tenantSuspended, { tenantId: saved.tenantId, from, reason: input.reason }, acting);
      return toTenant(saved);
    });
  }

  deactivate(input: InputOf<typeof contract.deactivateTenant>, caller: Caller): Promise<contract.Tenant> {
    const acting = rules.actingOn(caller, input.tenantId);
    return this.database.once(contract.deactivateTenant, input, acting, async (tx) => {
      const { from, saved } = await this.#move(tx, input.tenantId, 'deactivate');
      await this.outbox.record(tx, contract.tenantDeactivated, { tenantId: saved.tenantId, from }, acting);
      return toTenant(saved);
    });
  }

  /**
   * Agents are counted before the transaction, which must not wait for another service. One that is made in between
   * does no harm: agent-runtime removes what it holds of the tenant when it hears of the deletion.
   */
  async delete({ tenantId, force }: InputOf<typeof contract.deleteTenant>, caller: Caller): Promise<void> {
    const acting = rules.actingOn(caller, tenantId);
    if (!force) rules.checkDeletable((await this.commands.call(countAgents, { tenantId }, acting)).total);
    await this.database.forTenant(tenantId, async (tx) => {
      await this.hold(tx, tenantId);
      await this.tenants.bury(tx, tenantId, this.clock.now());
      await this.outbox.record(tx, contract.tenantDeleted, { tenantId, force }, acting);
    });
  }

  async overview(caller: Caller): Promise<OutputOf<typeof contract.tenantsOverview>> {
    const [groups, agents] = await Promise.all([
      this.database.asSystem('platform-admin', (tx) => this.tenants.count(tx)),
      this.commands.call(countAgents, {}, caller),
    ]);
    return { ...rules.totals(groups), totalAgents: agents.total };
  }

  /** The tenant's row, or `tenant_not_found`. */
  async require(tx: TenancyTx, tenantId: TenantId): Promise<TenantRow> {
    return found(await this.tenants.find(tx, tenantId));
  }

  /** Like `require`, and nobody else changes the tenant or what it owns until the transaction ends. */
  async hold(tx: TenancyTx, tenantId: TenantId): Promise<TenantRow> {
    return found(await this.tenants.findForUpdate(tx, tenantId));
  }

  async #move(tx: TenancyTx, tenantId: TenantId, transition: rules.Transition, statusReason: string | null = null) {
    const { status: from } = await this.hold(tx, tenantId);
    const status = rules.statusAfter(transition, from);
    const now = this.clock.now();
    const times = { active: { activatedAt: now, suspendedAt: null }, suspended: { suspendedAt: now }, deactivated: {} };
    const saved = await this.tenants.save(tx, tenantId, { status, statusReason, ...times[status] }, now);
    return { from, saved };
  }

  async #recordLimits(tx: TenancyTx, before: TenantRow, after: TenantRow, caller: Caller): Promise<void> {
    const limits = rules.limitsOf(after.tier, after.ownLimits);
    if (rules.sameLimits(rules.limitsOf(before.tier, before.ownLimits), limits)) return;
    const { tenantId } = after;
    await this.outbox.record(tx, contract.limitsChanged, { tenantId, limits }, caller);
  }
}

function found(row: TenantRow | undefined): TenantRow {
  if (row === undefined) throw new DomainError('tenant_not_found');
  return row;
}

function toTenant(row: TenantRow): contract.Tenant {
  const { tenantId, name, tier, status, statusReason, allowedBlueprints, settings, version, activatedAt, suspendedAt } = row;
  return {
    tenantId,
    name,
    tier,
    status,
    allowedBlueprints,
    settings,
    version,
    limits: rules.limitsOf(tier, row.ownLimits),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...(statusReason === null ? {} : { statusReason }),
    ...(activatedAt === null ? {} : { activatedAt: activatedAt.toISOString() }),
    ...(suspendedAt === null ? {} : { suspendedAt: suspendedAt.toISOString() }),
  };
}
