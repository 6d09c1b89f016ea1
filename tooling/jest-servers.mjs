// Jest's global set-up: one keeper of real servers for all workers of a run. It starts nothing until a test asks.
import { startKeeper } from '../packages/testing/src/keeper-client.ts';

export default async function startServers() {
  // The gate starts one for all its rungs.
  if (process.env.SUPPORT101_TEST_KEEPER !== undefined) return;
  globalThis.testServersKeeper = await startKeeper({ inMemory: true });
}
