import type { DataOf, EventContract, EventEnvelope, TenantId } from '@support101/contracts';
import { countAgents } from '@support101/contracts/agent-runtime';
import { TestedService } from '@support101/service-testing';
import { anExampleOf, VirtualClock } from '@support101/testing';
import type { z } from 'zod';
import { tenancyService } from '../src/app.module.js';

/** Tenancy booted by itself, with an agent-runtime that only counts agents. */
export class LoneTenancy extends TestedService {
  override readonly clock = new VirtualClock();
  /** Agents the stand-in for agent-runtime says there are. */
  agents = new Map<TenantId, number>();

  static boot(): Promise<LoneTenancy> {
    return new LoneTenancy(tenancyService).start();
  }

  /** Like that of every service, with what the test leaves out made up. */
  override publish<E extends EventContract>(contract: E, tenantId: TenantId, data: Partial<DataOf<E>>): Promise<EventEnvelope> {
    return super.publish(contract, tenantId, anExampleOf<E['data']>(contract.data, data as Partial<z.input<E['data']>>));
  }

  protected override async prepare(): Promise<void> {
    await this.standIn(countAgents, ({ tenantId }) => {
      const counts = tenantId === undefined ? [...this.agents.values()] : [this.agents.get(tenantId) ?? 0];
      return { total: counts.reduce((sum, count) => sum + count, 0) };
    });
  }
}
