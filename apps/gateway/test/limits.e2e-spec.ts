import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { redis, type TestServer } from '@support101/testing';
import * as demo from './demo-contracts.js';
import { GatewayFixture, keys } from './gateway-fixture.js';

let server: TestServer;
const open: GatewayFixture[] = [];

beforeAll(async () => {
  server = await redis();
});
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});
afterAll(() => server.close());

async function start(limit: number, given: { redisUrl?: string } = {}): Promise<GatewayFixture> {
  const gateway = await GatewayFixture.start({}, undefined, given);
  open.push(gateway);
  gateway.maxRequestsPerMinute = limit;
  await gateway.answer(demo.listThings, () => ({ data: [], nextCursor: null }));
  return gateway;
}

describe('a tenant with a limit of requests per minute', () => {
  it('is told how it stands, then refused until the time it is told', async () => {
    const gateway = await start(2);
    const answers = [];
    for (let request = 0; request < 3; request += 1) answers.push(await gateway.fetch('/v1/things', { key: keys.viewer }));
    const [first, second, third] = answers as [Response, Response, Response];

    expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
    expect(first.headers.get('ratelimit-policy')).toBe('"tenant";q=2;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"tenant";r=1;t=\d+$/);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(third.headers.get('ratelimit-policy')).toBe('"tenant";q=2;w=60');
    expect(third.headers.get('ratelimit')).toBe(`"tenant";r=0;t=${third.headers.get('retry-after')}`);
    expect(await third.json()).toMatchObject({ code: 'rate_limited', status: 429 });
  });

  it('has one limit at two gateways that share a Redis', async () => {
    const [one, two] = [await start(10, { redisUrl: server.url }), await start(10, { redisUrl: server.url })];
    const ask = async (gateway: GatewayFixture) => (await gateway.fetch('/v1/things', { key: keys.viewer })).status;

    const statuses = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(n % 2 === 0 ? one : two)));
    const [own, other] = [
      await one.fetch('/v1/things', { key: keys.viewer }),
      await two.fetch('/v1/things', { key: keys.globex }),
    ];

    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(own.status).toBe(429);
    expect(other.headers.get('ratelimit')).toMatch(/^"tenant";r=9;/);
  });

  it('is limited by a part that health shows', async () => {
    const [shared, alone] = [await start(10, { redisUrl: server.url }), await start(10)];
    const partsOf = async (gateway: GatewayFixture) =>
      ((await (await gateway.fetch('/health/ready')).json()) as { parts: unknown[] }).parts;

    expect(await partsOf(shared)).toEqual([{ part: 'limits', using: 'Redis', state: 'up' }]);
    expect(await partsOf(alone)).toMatchObject([{ part: 'limits', using: 'in process', state: 'degraded' }]);
  });
});
