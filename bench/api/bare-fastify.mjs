// The least that answers HTTP: fastify with a constant.
import { packagesOf } from '../harness/engines.mjs';

const { fastify } = await packagesOf('apps/gateway')('fastify');
const { port, answer } = JSON.parse(process.argv[2]);

const server = fastify();
server.get('/v1/agents/:agentId', async () => answer);
await server.listen({ port, host: '127.0.0.1' });
process.once('SIGTERM', () => server.close());
