import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { productServices } from '@support101/testing';
import { Customer, type Door } from '../../tooling/faults/customer.js';
import { killDuring } from '../../tooling/faults/matrix.js';
import { assess } from '../../tooling/faults/oracle.js';
import { Random, seedOf } from '../../tooling/faults/random.js';
import { goThroughLoop } from '../../tooling/faults/steps.js';
import { DistributedProduct } from '../distributed-product.js';
import { temporaryDirectory } from '../product.js';

// A sample of what `npm run test:faults` does in full: every service killed at every step of the loop.

const home = await temporaryDirectory();
const seed = seedOf(process.env['FAULT_SEED']);
let product: DistributedProduct;
let door: Door;

beforeAll(async () => {
  product = await DistributedProduct.start(home.path);
  door = { urls: product.processes.urls, platformKey: product.platformKey };
}, 180_000);

afterAll(async () => {
  await product?.kill();
  await home.remove();
});

describe('the loop', () => {
  it('completes whichever service is killed at each of its steps, and nothing is lost or doubled', async () => {
    const random = new Random(seed);
    const customer = await Customer.open(door, 'Acme');
    const killed: string[] = [];

    await goThroughLoop(customer, async (step, work) => {
      const victim = product.processes.of(random.pick(productServices));
      killed.push(`${step}: ${victim.name}`);
      await killDuring(victim, work, random);
    });

    const { acknowledged, lost, doubled } = await assess(customer, door);
    process.stderr.write(`FAULT_SEED=${seed}: ${killed.join(', ')}\n`);
    expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
    expect(acknowledged).toBe(5);
  }, 300_000);
});
