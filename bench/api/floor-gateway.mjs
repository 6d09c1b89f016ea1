// The floor's first process: bare fastify with a key check in memory, and one request over nats.js.
import { hash } from 'node:crypto';
import { packagesOf } from '../harness/engines.mjs';

const { fastify } = await packagesOf('apps/gateway')('fastify');
const { connect, headers } = await packagesOf('packages/messaging')('@nats-io/transport-node');
const { port, natsUrl, key, tenantId } = JSON.parse(process.argv[2]);

const owners = new Map([[hash('sha256', key, 'base64'), { tenantId }]]);
const nc = await connect({ servers: natsUrl });
const server = fastify();
server.get('/v1/agents/:agentId', {
  onRequest: async (request) => {
    const credential = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1];
    request.owner = credential === undefined ? undefined : owners.get(hash('sha256', credential, 'base64'));
    if (request.owner === undefined) throw Object.assign(new Error('not known'), { statusCode: 401 });
  },
  handler: async (request, reply) => {
    const tenant = headers();
    tenant.set('tenant', request.owner.tenantId);
    const answer = await nc.request('floor.agents.get', JSON.stringify(request.params), { timeout: 5_000, headers: tenant });
    return reply.header('content-type', 'application/json; charset=utf-8').send(answer.string());
  },
});
await server.listen({ port, host: '127.0.0.1' });
process.once('SIGTERM', async () => {
  await server.close();
  await nc.drain();
});
