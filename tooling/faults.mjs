// `npm run test:faults [-- --seed 7 --minutes 3]`: kills services and engines under load and checks what was acknowledged.
// Plain Node, no dependencies: this installs and builds, then hands over to faults/faults.ts, which runs on the project's Node.
import { endChildrenWithUs, exitCodeOf, start } from './children.mjs';
import { Progress, Shown } from './progress.mjs';
import { build, checkNode, install, projectEnvironment, projectNode, root } from './set-up.mjs';

checkNode();
endChildrenWithUs();
try {
  const progress = new Progress();
  await install(progress);
  await build(progress);
  const args = ['--disable-warning=ExperimentalWarning', 'tooling/faults/faults.ts', ...process.argv.slice(2)];
  const child = start(projectNode, args, { cwd: root, env: projectEnvironment, stdio: 'inherit' });
  child.once('exit', (code, signal) => process.exit(exitCodeOf(code, signal)));
} catch (error) {
  if (!(error instanceof Shown)) throw error;
  process.exitCode = 1;
}
