// Jest's global tear-down: stops what jest-servers.mjs started.
export default async function stopServers() {
  await globalThis.testServersKeeper?.stop();
}
