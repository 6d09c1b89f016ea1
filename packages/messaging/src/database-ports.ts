import type { TenantId } from '@support101/contracts';
import type { SystemReason, Tx } from '@support101/database';

/** What opens transactions: `Database` (its Tx) or a service's `PrismaDatabase` (its PrismaTx). */
export interface Transactor<T extends Tx = Tx> {
  forTenant<R>(tenantId: TenantId, run: (tx: T) => Promise<R>): Promise<R>;
  asSystem<R>(reason: SystemReason, run: (tx: T) => Promise<R>): Promise<R>;
}
