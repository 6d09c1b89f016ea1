import { describe, expect, it } from '@jest/globals';
import { keyTextOf, secretProblem } from './sources-secret.rules.js';

const base64 = (bytes: number) => Buffer.alloc(bytes, 5).toString('base64');

describe('secretProblem', () => {
  it.each([24, 25, 26, 32, 64])('takes %i bytes for Standard Webhooks', (bytes) => {
    expect(secretProblem('generic', `whsec_${base64(bytes)}`)).toBeUndefined();
  });

  it.each([
    `whsec_${base64(23)}`,
    `whsec_${base64(65)}`,
    'whsec_',
    base64(32),
    `whsec_${base64(32)}=`,
    `whsec_${'_'.repeat(32)}`,
  ])('does not take %s', (secret) => {
    expect(secretProblem('generic', secret)).toMatch(/^must/);
  });

  it('takes any text for the others, who issue their own', () => {
    expect(secretProblem('slack', '8f742231b10e8888abcd99yyyzzz85a5')).toBeUndefined();
    expect(secretProblem('jira', 'It’s a Secret to Everybody')).toBeUndefined();
  });
});

describe('keyTextOf', () => {
  it('is the bytes behind whsec_ for Standard Webhooks, the text itself for the others', () => {
    expect(keyTextOf('generic', `whsec_${base64(32)}`)).toEqual({ text: base64(32), encoding: 'base64' });
    expect(keyTextOf('slack', 'whsec_x')).toEqual({ text: 'whsec_x', encoding: 'utf8' });
  });
});
