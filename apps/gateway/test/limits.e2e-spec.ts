import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as demo from './demo-contracts.js';
import { GatewayFixture, keys } from './gateway-fixture.js';

let gateway: GatewayFixture;

beforeAll(async () => {
  gateway = await GatewayFixture.start();
  gateway.maxRequestsPerMinute = 2;
  await gateway.answer(demo.listThings, () => ({ data: [], nextCursor: null }));
});
afterAll(() => gateway.close());

describe('a tenant with a limit of requests per minute', () => {
  it('is told how it stands, then refused until the time it is told', async () => {
    const answers = [];
    for (let request = 0; request < 3; request += 1) answers.push(await gateway.fetch('/v1/things', { key: keys.viewer }));
    const [first, second, third] = answers as [Response, Response, Response];

    expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
    expect(first.headers.get('ratelimit-policy')).toBe('"tenant";q=2;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"tenant";r=1;t=\d+$/);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await third.json()).toMatchObject({ code: 'rate_limited', status: 429 });
  });
});
