import { describe, expect, it } from '@jest/globals';
import { readmeSteps } from './readme-commands.mjs';

const readme = `
# Title

\`\`\`sh
git clone somewhere
\`\`\`

\`\`\`sh run
npm start
\`\`\`

Then:

\`\`\`sh run
KEY=$(cat key)
curl localhost \\
  -H "Authorization: Bearer $KEY"
\`\`\`

\`\`\`json
{ "an": "answer" }
\`\`\`

\`\`\`sh run
curl again
npm test
\`\`\`
`;

describe('readmeSteps', () => {
  it('takes the marked blocks only, in order, and joins what one shell runs', () => {
    expect(readmeSteps(readme)).toEqual([
      { kind: 'start', text: 'npm start' },
      { kind: 'shell', text: 'KEY=$(cat key)\ncurl localhost \\\n  -H "Authorization: Bearer $KEY"\ncurl again' },
      { kind: 'test', text: 'npm test' },
    ]);
  });
});
