import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { AuditType, EventEnvelope, InputOf, OutputOf } from '@support101/contracts';
import { registry } from '@support101/contracts/all';
import type * as contract from '@support101/contracts/governance';
import { Database, groupWriter, type GroupWriter, type Tx } from '@support101/database';
import { type AuditFact, AuditService, detailsOf, factOf, sha256, storable } from '../audit/audit.service.js';
import { DashboardService, type Happening } from '../dashboard/dashboard.service.js';

interface Recorded {
  readonly fact: AuditFact;
  readonly happening: Happening;
}

const auditTypeOf: ReadonlyMap<string, AuditType> = new Map(registry.events.map(({ type, audit }) => [type, audit]));

/** Puts what happens on the audit and counts it, both in one transaction that what comes at the same time shares. */
@Injectable()
export class RecordingService implements OnApplicationShutdown {
  readonly #writer: GroupWriter<Recorded, boolean>;

  constructor(
    database: Database,
    private readonly audit: AuditService,
    private readonly dashboard: DashboardService,
  ) {
    this.#writer = groupWriter({ database, reason: 'audit-chain', write: (tx, recorded) => this.#write(tx, recorded) });
  }

  /** Records an event, whatever its type, unless it is recorded. */
  async recordEvent(event: EventEnvelope): Promise<void> {
    const auditType = auditTypeOf.get(event.type) ?? 'unknown_event';
    const fact = factOf(event, auditType, sha256);
    const happening = { tenantId: fact.tenantId, auditType, type: event.type, data: event.data, at: new Date(fact.time) };
    await this.#writer.offer({ fact, happening });
  }

  /** Records what has no event; gives how many entries were new. */
  async record({ tenantId, entries }: InputOf<typeof contract.recordAudit>): Promise<OutputOf<typeof contract.recordAudit>> {
    const recorded = entries.map(({ principal, details, time, ...entry }): Recorded => {
      const at = new Date(time);
      const fact: AuditFact = {
        ...entry,
        tenantId,
        principalType: principal.type,
        principalId: storable(principal.id),
        agentId: entry.agentId ?? null,
        runId: entry.runId ?? null,
        requestId: entry.requestId ?? null,
        details: detailsOf(details, sha256),
        time: at.toISOString(),
      };
      return { fact, happening: { tenantId, auditType: entry.eventType, data: details, at } };
    });
    const added = await Promise.all(recorded.map((each) => this.#writer.offer(each)));
    return { recorded: added.filter(Boolean).length };
  }

  /** Writes what was taken before the database goes away. */
  onApplicationShutdown(): Promise<void> {
    return this.#writer.close();
  }

  async #write(tx: Tx, recorded: readonly Recorded[]): Promise<boolean[]> {
    const added = new Set(
      await this.audit.append(
        tx,
        recorded.map(({ fact }) => fact),
      ),
    );
    const fresh = recorded.filter(({ fact }) => added.has(fact));
    await this.dashboard.count(
      tx,
      fresh.map(({ happening }) => happening),
    );
    return recorded.map(({ fact }) => added.has(fact));
  }
}
