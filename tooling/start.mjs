// `npm start`: installs, builds what the standalone needs, and runs it with the project's own Node. Arguments after
// `--` are the standalone's (`npm start -- --reset`). Plain Node, no dependencies: this runs on a bare clone.
import { handOver } from './hand-over.mjs';

const standalone = ['--enable-source-maps', 'apps/standalone/dist/main.js', ...process.argv.slice(2)];
await handOver(standalone, { workspace: '@support101/standalone', drains: true });
