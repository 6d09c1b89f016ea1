// Installs and builds, then hands over to a program of the project on its own Node. Plain Node, no dependencies: this runs
// on a bare clone.
import { endChildrenWithUs, exitCodeOf, signalGroup, start } from './children.mjs';
import { Progress, Shown } from './progress.mjs';
import { build, checkNode, install, projectEnvironment, projectNode, root } from './set-up.mjs';

/**
 * Runs Node's `args` once everything is there, and ends with its exit code.
 * @param {readonly string[]} args
 * @param {{ workspace?: string, drains?: boolean }} [options] `workspace` is what must be built (all without one);
 * `drains`: the program decides how long its end takes, so each signal reaches it as it came
 */
export async function handOver(args, { workspace, drains = false } = {}) {
  checkNode();
  endChildrenWithUs();
  try {
    const progress = new Progress();
    await install(progress);
    await build(progress, workspace);
  } catch (error) {
    if (!(error instanceof Shown)) throw error;
    process.exitCode = 1;
    return;
  }
  const child = start(projectNode, args, { cwd: root, env: projectEnvironment, stdio: 'inherit' });
  if (drains) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.removeAllListeners(signal);
      process.on(signal, () => signalGroup(child, signal));
    }
  }
  child.once('exit', (code, signal) => process.exit(exitCodeOf(code, signal)));
}
