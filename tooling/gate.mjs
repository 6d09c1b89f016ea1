// `npm test`: everything a change must pass, and all the set-up for it. `npm test -- <rung> [filter]` runs one rung.
// Plain Node, no dependencies: this installs, then hands over to gate/gate.ts, which runs on the project's own Node.
import { endChildrenWithUs, exitCodeOf, start } from './children.mjs';
import { Progress, Shown } from './progress.mjs';
import { checkNode, install, projectEnvironment, projectNode, root } from './set-up.mjs';

checkNode();
endChildrenWithUs();
try {
  await install(new Progress());
  const args = ['--disable-warning=ExperimentalWarning', 'tooling/gate/gate.ts', ...process.argv.slice(2)];
  const gate = start(projectNode, args, { cwd: root, env: projectEnvironment, stdio: ['pipe', 'inherit', 'inherit'] });
  gate.once('exit', (code, signal) => process.exit(exitCodeOf(code, signal)));
} catch (error) {
  if (!(error instanceof Shown)) throw error;
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
