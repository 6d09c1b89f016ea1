// `npm start`: installs, builds what the standalone needs, and runs it with the project's own Node. Arguments after
// `--` are the standalone's (`npm start -- --reset`). Plain Node, no dependencies: this runs on a bare clone.
import { endChildrenWithUs, exitCodeOf, signalGroup, start } from './children.mjs';
import { Progress, Shown } from './progress.mjs';
import { build, checkNode, install, projectEnvironment, projectNode, root } from './set-up.mjs';

checkNode();
endChildrenWithUs();
try {
  const progress = new Progress();
  await install(progress);
  await build(progress, '@support101/standalone');
  runStandalone(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Shown)) throw error;
  process.exitCode = 1;
}

function runStandalone(args) {
  const options = { cwd: root, env: projectEnvironment, stdio: 'inherit' };
  const child = start(projectNode, ['--enable-source-maps', 'apps/standalone/dist/main.js', ...args], options);
  // The standalone drains by itself and decides how long that takes: each signal reaches it as it came.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.removeAllListeners(signal);
    process.on(signal, () => signalGroup(child, signal));
  }
  child.once('exit', (code, signal) => process.exit(exitCodeOf(code, signal)));
}
