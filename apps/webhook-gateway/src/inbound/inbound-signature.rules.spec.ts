import { describe, expect, it } from '@jest/globals';
import type { WebhookProvider } from '@support101/contracts/webhook-gateway';
import { sign } from '../../test/senders.js';
import { isSigned } from '../platform/hmac.js';
import { keyTextOf } from '../sources/sources-secret.rules.js';
import { type Headers, readClaim, windowMs } from './inbound-signature.rules.js';

/** What the check says, in the way the service puts its parts together. */
function check(
  provider: WebhookProvider,
  secrets: readonly string[],
  headers: Headers,
  body: string | Buffer,
  now: Date,
): string {
  const claim = readClaim(provider, headers, now);
  if ('refused' in claim) return claim.refused;
  const keys = secrets.map((secret) => keyTextOf(provider, secret)).map(({ text, encoding }) => Buffer.from(text, encoding));
  const signatures = claim.signatures.map((signature) => Buffer.from(signature, claim.encoding));
  return isSigned({ prefix: claim.prefix, body: Buffer.from(body) }, keys, signatures) ? 'right' : 'wrong';
}

const slackBody =
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar' +
  '&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
  '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
  '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';

/** What the providers, or their libraries, publish as examples. */
const published = {
  slack: {
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    at: new Date(1_531_420_618_000),
    body: slackBody,
    headers: {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
  },
  generic: {
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    at: new Date(1_614_265_330_000),
    body: '{"test": 2432232314}',
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  },
  jira: {
    secret: "It's a Secret to Everybody",
    at: new Date(0),
    body: 'Hello World!',
    headers: { 'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9' },
  },
  zendesk: {
    secret: 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==',
    at: new Date('2026-01-15T10:00:00Z'),
    body: '{"say": "hello"}',
    headers: {
      'x-zendesk-webhook-signature': 'chUBudgDC69hclASMZi/oMx+Ubp3+KK44pk8NBk2HyI=',
      'x-zendesk-webhook-signature-timestamp': '2026-01-15T10:00:00Z',
    },
  },
} as const satisfies Record<WebhookProvider, unknown>;

const providers = Object.keys(published) as WebhookProvider[];

function checkPublished(provider: WebhookProvider, headers: Headers = {}, change: { body?: string; at?: Date } = {}): string {
  const { secret, at, body, headers: given } = published[provider];
  return check(provider, [secret], { ...given, ...headers }, change.body ?? body, change.at ?? at);
}

describe.each(providers)('a signature of %s', (provider) => {
  const { secret, at, body } = published[provider];
  const signatureHeader = {
    slack: 'x-slack-signature',
    zendesk: 'x-zendesk-webhook-signature',
    jira: 'x-hub-signature',
    generic: 'webhook-signature',
  }[provider];
  const right: string = (published[provider].headers as Record<string, string>)[signatureHeader] ?? '';

  it('is right in the published example', () => {
    expect(checkPublished(provider)).toBe('right');
  });

  it('is wrong for one byte more or another byte', () => {
    expect(checkPublished(provider, {}, { body: `${body} ` })).toBe('wrong');
    expect(checkPublished(provider, {}, { body: body.replace(/.$/, '?') })).toBe('wrong');
  });

  it('is right for the bytes that were sent, wrong for the same JSON written anew', () => {
    const sent = sign[provider](secret, '{ "a": 1.0 }', { at });

    expect(check(provider, [secret], sent.headers, '{"a":1}', at)).toBe('wrong');
    expect(check(provider, [secret], sent.headers, '{ "a": 1.0 }', at)).toBe('right');
  });

  it('is wrong with another secret, right with the present or the one before', () => {
    const other = provider === 'generic' ? `whsec_${Buffer.alloc(32, 1).toString('base64')}` : `${secret}x`;
    const { headers } = sign[provider](secret, body, { at });

    expect(check(provider, [other], headers, body, at)).toBe('wrong');
    expect(check(provider, [other, secret], headers, body, at)).toBe('right');
    expect(check(provider, [], headers, body, at)).toBe('wrong');
  });

  it.each([
    ['missing', undefined, 'signature_missing'],
    ['empty', '', 'signature_missing'],
    ['duplicated', `${right}\n${right}`, 'signature_missing'],
    ['cut', right.slice(0, -2), 'signature_invalid'],
    ['longer', `${right}00`, 'signature_invalid'],
    ['of an odd length in hex', 'v0=abzz', 'signature_invalid'],
    ['empty after its version', 'v1,', 'signature_invalid'],
  ])('that is %s is refused', (_, value, expected) => {
    const headers: Record<string, string> = { ...published[provider].headers };
    delete headers[signatureHeader];
    if (value !== undefined) headers[signatureHeader] = value;

    const verdict = check(provider, [secret], headers, body, at);

    expect(verdict).toBe(expected);
  });
});

describe('a signature in hex', () => {
  it.each([
    ['slack', 'x-slack-signature', 'v0='],
    ['jira', 'x-hub-signature', 'sha256='],
  ] as const)('of %s is in small letters, behind its prefix, and alone', (provider, name, prefix) => {
    const right = (published[provider].headers as Record<string, string>)[name] ?? '';
    const hex = right.slice(prefix.length);
    const others = [
      `${prefix}${hex.toUpperCase()}`,
      hex,
      ` ${right}`,
      `${right} `,
      `${right}, ${right}`,
      `${prefix}${prefix}${hex}`,
    ];

    expect(others.map((value) => checkPublished(provider, { [name]: value }))).toEqual(others.map(() => 'signature_invalid'));
  });
});

describe('the time of a signature', () => {
  const seconds = 1_531_420_618;

  it.each([
    ['0', 'timestamp_invalid'],
    ['-1531420618', 'timestamp_invalid'],
    ['1531420618.0', 'timestamp_invalid'],
    ['1531420618000', 'timestamp_invalid'],
    ['253402300799', 'timestamp_outside_window'],
    ['9'.repeat(30), 'timestamp_invalid'],
    ['2018-07-12T18:36:58Z', 'timestamp_invalid'],
    ['0x5b47b00a', 'timestamp_invalid'],
    [' 1531420618', 'timestamp_invalid'],
    ['abc', 'timestamp_invalid'],
    ['1531420618\n1531420618', 'signature_missing'],
  ])('%s is refused where unix seconds belong', (timestamp, expected) => {
    expect(checkPublished('slack', { 'x-slack-request-timestamp': timestamp })).toBe(expected);
    expect(checkPublished('generic', { 'webhook-timestamp': timestamp }, { at: new Date(seconds * 1000) })).toBe(expected);
  });

  it.each([
    '1768471200',
    '2026-01-15',
    '2026-01-15 10:00:00',
    '2026-13-45T10:00:00Z',
    '+10000-01-01T00:00:00Z',
    'Thu, 15 Jan 2026 10:00:00 GMT',
  ])('%s is refused where an ISO time belongs', (timestamp) => {
    expect(checkPublished('zendesk', { 'x-zendesk-webhook-signature-timestamp': timestamp })).toBe('timestamp_invalid');
  });

  it.each(['slack', 'generic', 'zendesk'] as const)('of %s may be five minutes off, either way, and no more', (provider) => {
    const { at } = published[provider];
    const verdicts = [-windowMs - 1000, -windowMs, windowMs, windowMs + 1000].map((off) =>
      checkPublished(provider, {}, { at: new Date(at.getTime() + off) }),
    );

    expect(verdicts).toEqual(['timestamp_outside_window', 'right', 'right', 'timestamp_outside_window']);
  });

  it('is part of what is signed', () => {
    expect(checkPublished('slack', { 'x-slack-request-timestamp': '1531420619' })).toBe('wrong');
    expect(checkPublished('generic', { 'webhook-timestamp': '1614265331' })).toBe('wrong');
    expect(checkPublished('zendesk', { 'x-zendesk-webhook-signature-timestamp': '2026-01-15T10:00:01Z' })).toBe('wrong');
  });
});

describe('traps', () => {
  it('the order of an older Zendesk page, body before time, is not accepted', () => {
    const verdict = checkPublished('zendesk', { 'x-zendesk-webhook-signature': 'tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw=' });

    expect(verdict).toBe('wrong');
  });

  it('base64 in the letters of URLs, without padding, or with other spare bits, is not read', () => {
    const right = published.zendesk.headers['x-zendesk-webhook-signature'];
    const others = [right.replace('/', '_').replace('+', '-'), right.slice(0, -1), right.replace(/I=$/, 'J=')];

    expect(others.map((signature) => checkPublished('zendesk', { 'x-zendesk-webhook-signature': signature }))).toEqual(
      others.map(() => 'signature_invalid'),
    );
  });

  it('a hex digest under the name of another algorithm, or another header, is not accepted', () => {
    const hex = published.jira.headers['x-hub-signature'].slice(7);
    const verdicts = [`sha1=${hex}`, hex, `SHA256=${hex}`].map((value) => checkPublished('jira', { 'x-hub-signature': value }));

    expect(verdicts).toEqual(verdicts.map(() => 'signature_invalid'));
    expect(check('jira', [published.jira.secret], { 'x-hub-signature-256': `sha256=${hex}` }, 'Hello World!', new Date())).toBe(
      'signature_missing',
    );
  });

  it('Standard Webhooks: one right signature among several is enough, of those with our version', () => {
    const right = published.generic.headers['webhook-signature'];
    const wrong = `v1,${Buffer.alloc(32).toString('base64')}`;
    const list = (...signatures: string[]) => checkPublished('generic', { 'webhook-signature': signatures.join(' ') });

    expect(list(wrong, right)).toBe('right');
    expect(list('v1a,AAAA', right, 'v2,x')).toBe('right');
    expect(list('v1a,AAAA')).toBe('signature_invalid');
    expect(list(right.replace('v1,', 'v1a,'))).toBe('signature_invalid');
    expect(list(wrong)).toBe('wrong');
    expect(list(...Array.from({ length: 1_000 }, () => wrong), right)).toBe('signature_invalid');
  });

  it('Standard Webhooks: a duplicated header does not become a list', () => {
    const right = published.generic.headers['webhook-signature'];

    expect(checkPublished('generic', { 'webhook-signature': `v1,x\nv1,y ${right}` })).toBe('signature_missing');
  });

  it.each(['a.b', '', 'msg 1', 'msg\u0000', 'ü', 'x'.repeat(201)])('Standard Webhooks: the id %j is refused', (id) => {
    const { headers } = sign.generic(published.generic.secret, 'x', { at: published.generic.at, id });

    expect(check('generic', [published.generic.secret], headers, 'x', published.generic.at)).toMatch(/^signature_/);
  });

  it('the secret of Zendesk is text, though it looks like base64', () => {
    expect(keyTextOf('zendesk', published.zendesk.secret)).toEqual({ text: published.zendesk.secret, encoding: 'utf8' });
  });

  it('headers that every object has are none', () => {
    expect(readClaim('jira', {}, new Date())).toEqual({ refused: 'signature_missing' });
    expect(readClaim('jira', JSON.parse('{"__proto__":{"x-hub-signature":"sha256="}}') as Headers, new Date())).toEqual({
      refused: 'signature_missing',
    });
  });
});
