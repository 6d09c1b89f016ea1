import type pg from 'pg';

/**
 * Lets no plan of a prepared statement get older than `maxAgeMs`: whoever takes a connection of the pool after that time
 * finds its plans dropped, and each statement is planned anew when it is next used. A plan is made for the tables as they
 * were then. On an empty one, every index that begins as the key begins looks as good as the key itself, and reading all of
 * it looks best: kept, such a plan reads all rows of a tenant to find one, until autovacuum comes by (it never does on the
 * embedded Postgres).
 */
export function replanWithin(pool: pg.Pool, maxAgeMs: number): void {
  const plannedSince = new WeakMap<pg.PoolClient, number>();
  pool.on('acquire', (client) => {
    const now = performance.now();
    const since = plannedSince.get(client);
    if (since === undefined || now - since > maxAgeMs) plannedSince.set(client, now);
    if (since === undefined || now - since <= maxAgeMs) return;
    // Travels in front of what the connection was taken for, which hears of a failure by itself.
    client.query('discard plans').catch(() => undefined);
  });
}
