import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { productServices } from '@support101/testing';
import { Customer, type Door } from '../../tooling/faults/customer.js';
import { assistedRun } from '../../tooling/faults/load.js';
import { assess } from '../../tooling/faults/oracle.js';
import { goThroughLoop } from '../../tooling/faults/steps.js';
import { DistributedProduct } from '../distributed-product.js';
import { temporaryDirectory } from '../product.js';

// Two processes of every service, the gateway included; the customers' calls go to the gateways in turn.

const home = await temporaryDirectory();
let product: DistributedProduct;
let door: Door;

beforeAll(async () => {
  product = await DistributedProduct.start(home.path, {}, { replicas: 2 });
  door = { urls: product.processes.urls, platformKey: product.platformKey };
}, 240_000);

afterAll(async () => {
  await product?.kill();
  await home.remove();
});

describe('two of every service', () => {
  it('are one product: the loop through both gateways, and many runs at once, each carried out once', async () => {
    expect(new Set(door.urls).size).toBe(2);
    const customer = await Customer.open(door, 'Acme');

    await goThroughLoop(customer, async (_, work) => void (await work()));
    await Promise.all(Array.from({ length: 12 }, () => assistedRun(customer)));

    const { acknowledged, lost, doubled } = await assess(customer, door);
    expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
    // The agent, the article, two runs and an answer of the loop, twelve runs and their answers.
    expect(acknowledged).toBe(29);
  }, 120_000);

  it('go on when one of each is killed, without one of them started again', async () => {
    const customer = await Customer.open(door, 'Globex');
    const load = Array.from({ length: 3 }, async () => {
      for (let run = 0; run < 6; run += 1) await assistedRun(customer);
    });

    for (const service of productServices) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await product.processes.of(service).kill();
    }
    await Promise.all(load);

    const { acknowledged, lost, doubled } = await assess(customer, door);
    expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
    expect(acknowledged).toBe(37);
    const survivors = product.processes.processes.filter(({ running }) => running);
    expect(survivors.map(({ name }) => name).toSorted()).toEqual(productServices.map((name) => `${name}-2`).toSorted());
  }, 180_000);
});
