// `npm run test:faults [-- --seed 7 --minutes 3]`: kills services and engines under load and checks what was acknowledged.
// Plain Node, no dependencies: this installs and builds, then hands over to faults/faults.ts, which runs on the project's Node.
import { handOver } from './hand-over.mjs';

await handOver(['--disable-warning=ExperimentalWarning', 'tooling/faults/faults.ts', ...process.argv.slice(2)]);
