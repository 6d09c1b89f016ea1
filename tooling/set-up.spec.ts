import { describe, expect, it } from '@jest/globals';
import { Progress } from './progress.mjs';
import { installAdvice } from './set-up.mjs';

describe('installAdvice', () => {
  it.each(['getaddrinfo ENOTFOUND registry.example', 'ERR_PNPM_META_FETCH_FAIL', 'connect ECONNREFUSED 127.0.0.1:1'])(
    'names the registry when it cannot be reached: %s',
    (output) => {
      expect(installAdvice(output)).toContain('registry could not be reached');
    },
  );

  it('does not blame the network for anything else', () => {
    expect(installAdvice('ERR_PNPM_OUTDATED_LOCKFILE')).toBe('The dependencies could not be installed.');
  });
});

describe('Progress', () => {
  it('writes whole lines where there is no terminal', () => {
    const written: string[] = [];
    const progress = new Progress({ write: (text: string) => written.push(text) });

    progress.step('building').done('nothing had changed');

    expect(written).toEqual([
      '  building …\n',
      expect.stringMatching(/^ {2}building: done in \d+\.\d s \(nothing had changed\)\n$/),
    ]);
  });
});
