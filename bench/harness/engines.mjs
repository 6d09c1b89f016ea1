// Real servers for contestants, from the ladder of packages/testing, with the processes behind them.
import { createRequire } from 'node:module';
import { listenerOn, postgresFamily } from './process-times.mjs';

/** Imports a package as the workspace in the given folder would: the bench is no workspace of its own. */
export function packagesOf(workspace) {
  const require = createRequire(new URL(`../../${workspace}/package.json`, import.meta.url));
  return (name) => import(require.resolve(name));
}

/** A database of one's own on the native Postgres that all contestants share. */
export async function postgresEngine() {
  const { postgres } = await packagesOf('packages/messaging')('@support101/testing');
  const server = await postgres();
  const { port, pathname } = new URL(server.url);
  const postmaster = await listenerOn(Number(port), 'postgres');
  return { ...server, pids: () => postgresFamily(postmaster, pathname.slice(1)) };
}

/** A NATS server of one's own. */
export const natsEngine = () => ownEngine('nats', 'nats-server');

/** A Redis of one's own. */
export const redisEngine = () => ownEngine('redis', 'redis');

async function ownEngine(kind, program) {
  const servers = await packagesOf('packages/messaging')('@support101/testing');
  const server = await servers[kind]();
  const pid = await listenerOn(Number(new URL(server.url).port), program);
  return { ...server, pids: async () => [pid] };
}

/** Ends the keeper of the servers, whatever it still holds. */
export async function keepServers() {
  const { startKeeper } = await packagesOf('packages/messaging')('@support101/testing');
  return startKeeper();
}
