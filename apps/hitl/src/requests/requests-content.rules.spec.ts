import { describe, expect, it } from '@jest/globals';
import { kept } from './requests-content.rules.js';

const content = { title: 'Reset', evidence: [], context: { customer: 'c1' } };

describe('what is kept of a wish for a request', () => {
  it('is all of it when it has the usual size', () => {
    const usual = { ...content, draft: 'Try this.', evidence: [{ title: 'Password', text: 'Open …', score: 0.4 }], more: 1 };

    expect(kept(usual)).toEqual(usual);
  });

  it('is cut where it is too long, never through a character', () => {
    const evidence = [{ title: 'x'.repeat(400), text: `${'x'.repeat(7_999)}🙂`, score: 0 }];

    const {
      title,
      draft,
      evidence: [item],
    } = kept({ ...content, title: 'x'.repeat(301), draft: 'x'.repeat(20_001), evidence });

    expect([title.length, draft?.length, item?.title.length, item?.text.length]).toEqual([300, 20_000, 300, 8_000]);
    expect(item?.text.isWellFormed()).toBe(true);
  });

  it('has no NUL characters', () => {
    expect(kept({ ...content, draft: 'a\u0000b' }).draft).toBe('ab');
  });

  it('says of a huge context only how large it was', () => {
    expect(kept({ ...content, context: { log: 'x'.repeat(300_000) } }).context).toEqual({ omitted: '300010 characters of JSON' });
  });
});
