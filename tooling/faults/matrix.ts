import { productServices, type ServiceProcess } from '@support101/testing';
import { Customer } from './customer.ts';
import { assess, type Verdict } from './oracle.ts';
import type { Random } from './random.ts';
import { goThroughLoop } from './steps.ts';
import type { World } from './world.ts';

/** Also at once: what kills a service does not wait for its convenience. */
const latestMs = 60;

/** Kills a process while `work` is under way and starts it again; resolves when both are over. */
export async function killDuring(victim: ServiceProcess, work: () => Promise<unknown>, random: Random): Promise<void> {
  const working = work();
  // Its failure is for whoever waits in the end.
  working.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, random.below(latestMs)));
  await victim.kill();
  await Promise.all([victim.start(), working]);
}

/** Every service killed at every step of the loop: as many customers as services, each with another one at each step. */
export async function killEverywhere(world: World, random: Random, say: (line: string) => void): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const [offset, first] of productServices.entries()) {
    const customer = await Customer.open(world.door, `Customer of ${first}`);
    let at = offset;
    await goThroughLoop(customer, async (step, work) => {
      const victim = world.product.of(productServices[at++ % productServices.length] ?? first);
      const begun = performance.now();
      await killDuring(victim, work, random);
      say(`  ${step.padEnd(18)} kill ${victim.name.padEnd(16)} done after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    });
    verdicts.push(await assess(customer, world.door));
  }
  return verdicts;
}
