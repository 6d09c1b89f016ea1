// The commands of a README that a machine can try: its fenced blocks marked "sh run".

/**
 * The marked blocks, as steps in order: what starts the program in the background, the gate, and shell text.
 * @param {string} markdown
 * @returns {{ kind: 'start' | 'test' | 'shell', text: string }[]}
 */
export function readmeSteps(markdown) {
  const lines = [...markdown.matchAll(/^```sh run\n(.*?)^```$/gms)].flatMap(([, block]) => block.trimEnd().split('\n'));
  const steps = [];
  for (const line of lines) {
    const kind = /^npm start\b/.test(line) ? 'start' : /^npm (run )?test\b/.test(line) ? 'test' : 'shell';
    const last = steps.at(-1);
    if (kind === 'shell' && last?.kind === 'shell') last.text += `\n${line}`;
    else steps.push({ kind, text: line });
  }
  return steps;
}
