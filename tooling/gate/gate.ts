// The gate: runs the rungs, as many side by side as the cores allow, one line each; the last line is the sum.
import { startKeeper, type Keeper } from '../../packages/testing/src/keeper-client.ts';
import { endChildrenWithUs, endWithParent } from '../children.mjs';
import { lineOf, type Outcome } from './outcome.ts';
import { build, rungs } from './rungs.ts';
import { withCores } from './with-cores.ts';

const [wanted, ...filter] = process.argv.slice(2);
const chosen = wanted === undefined ? rungs : rungs.filter(({ name }) => name === wanted);
if (chosen.length === 0) {
  console.error(`There is no rung ${wanted}. The rungs: ${rungs.map(({ name }) => name).join(', ')}.`);
  console.log('0 passed, 1 failed');
  process.exit(2);
}

endChildrenWithUs();
// gate.mjs holds the other end of our input.
endWithParent();
const sum = { passed: 0, failed: 0 };
const keeper: Keeper | undefined = chosen.some(({ needsServers }) => needsServers)
  ? await startKeeper({ inMemory: true })
  : undefined;
try {
  const building = chosen.some(({ needsBuild }) => needsBuild) ? timed('build', build) : Promise.resolve();
  await withCores(2, chosen, async (rung) => {
    if (rung.needsBuild) await building;
    await timed(rung.name, () => rung.run(filter));
  });
} finally {
  await keeper?.stop();
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 ? 0 : 1);

async function timed(name: string, step: () => Promise<Outcome>): Promise<void> {
  const begun = performance.now();
  const outcome = await step().catch((error: unknown) => ({
    passed: 0,
    failed: 1,
    output: String((error as Error).stack ?? error),
  }));
  sum.passed += outcome.passed;
  sum.failed += outcome.failed;
  console.log(lineOf(name, outcome, (performance.now() - begun) / 1000));
}
