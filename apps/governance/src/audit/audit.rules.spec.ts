import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { encodeCursor, FreeObject } from '@support101/contracts';
import fc from 'fast-check';
import {
  append,
  type AuditFact,
  type AuditLink,
  detailsOf,
  emptyChain,
  endsAt,
  exportPlaceOf,
  factOf,
  follow,
  longestDetails,
  placeOf,
} from './audit.rules.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function fact(given: Partial<AuditFact> = {}): AuditFact {
  return {
    tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1',
    eventId: 'evt_01jd5m6wz5f9r8x2k3c4v7b6n1',
    eventType: 'agent_created',
    action: 'agent-runtime.agents.created',
    resource: 'agent:agt_1',
    outcome: 'success',
    principalType: 'key',
    principalId: 'key_1',
    agentId: 'agt_1',
    runId: null,
    requestId: null,
    correlationId: 'cor_1',
    details: '{"name":"Helper"}',
    time: '2026-11-22T12:00:00.000Z',
    ...given,
  };
}

const texts = ['action', 'resource', 'outcome', 'principalType', 'principalId', 'correlationId', 'details', 'time'] as const;

describe('a chain', () => {
  it('is whole when nothing was changed, however it is cut into batches', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 30 }), fc.nat(30), (outcomes, cut) => {
        const links = append(
          emptyChain,
          outcomes.map((outcome) => fact({ outcome })),
          sha256,
        );

        const first = follow(emptyChain, links.slice(0, cut), sha256);
        if (!('head' in first)) throw new Error('the first batch is whole');
        const second = follow(first.head, links.slice(cut), sha256);

        expect(second).toEqual({ head: { sequence: links.length, hash: links.at(-1)?.hash ?? emptyChain.hash } });
      }),
    );
  });

  it.each(texts)('shows where %s was altered', (field) => {
    const links = append(emptyChain, [fact(), fact(), fact()], sha256);
    const altered = links.map((link, index) => (index === 1 ? { ...link, [field]: 'other' } : link));

    expect(follow(emptyChain, altered, sha256)).toEqual({ fault: { sequence: 2, problem: 'altered' } });
  });

  it('shows a link that was restamped after being altered, at the next one', () => {
    const links = append(emptyChain, [fact(), fact(), fact()], sha256);
    const [first, , third] = links as [AuditLink, AuditLink, AuditLink];
    const [forged] = append(first, [fact({ outcome: 'other' })], sha256) as [AuditLink];

    expect(follow(emptyChain, [first, forged, third], sha256)).toEqual({ fault: { sequence: 3, problem: 'altered' } });
  });

  it('shows a link that was taken out', () => {
    const links = append(emptyChain, [fact(), fact(), fact()], sha256);

    expect(follow(emptyChain, links.toSpliced(1, 1), sha256)).toEqual({ fault: { sequence: 2, problem: 'gap' } });
  });

  it('shows a tail that was cut off, and one that was added past the kept head', () => {
    const links = append(emptyChain, [fact(), fact()], sha256);
    const [first, second] = links as [AuditLink, AuditLink];

    expect(endsAt(first, second)).toEqual({ sequence: 2, problem: 'head_mismatch' });
    expect(endsAt(second, first)).toEqual({ sequence: 2, problem: 'head_mismatch' });
    expect(endsAt(second, second)).toBeUndefined();
  });

  it('cannot be confused by text that moves from one field to the next', () => {
    const [a] = append(emptyChain, [fact({ action: 'ab', resource: 'c' })], sha256);
    const [b] = append(emptyChain, [fact({ action: 'a', resource: 'bc' })], sha256);

    expect(a?.hash).not.toBe(b?.hash);
  });
});

describe('factOf', () => {
  const event = {
    specversion: '1.0' as const,
    id: 'evt_01jd5m6wz5f9r8x2k3c4v7b6n1' as const,
    source: 'support101/hitl',
    type: 'hitl.requests.decided.v1',
    subject: 'request:req_01jd5m6wz5f9r8x2k3c4v7b6n1',
    time: '2026-11-22T12:00:00.000Z',
    datacontenttype: 'application/json' as const,
    tenantid: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' as const,
    principaltype: 'key',
    principalid: 'key_1',
    outcome: 'approve',
    correlationid: 'cor_1',
    data: { runId: 'run_01jd5m6wz5f9r8x2k3c4v7b6n1', agentId: null },
  };

  it('takes action, resource, outcome and the ids that the event names', () => {
    expect(factOf(event, 'human_feedback_provided', sha256)).toMatchObject({
      action: 'hitl.requests.decided',
      resource: event.subject,
      outcome: 'approve',
      runId: 'run_01jd5m6wz5f9r8x2k3c4v7b6n1',
      requestId: 'req_01jd5m6wz5f9r8x2k3c4v7b6n1',
      agentId: null,
      details: JSON.stringify(event.data),
    });
  });

  it('takes ids from the data before the subject, and only what is an id', () => {
    const runId = 'run_01jd5m6wz5f9r8x2k3c4v7b6n2' as const;
    const about = (subject: string, data: Record<string, unknown>) =>
      factOf({ ...event, subject, data }, 'data_modified', sha256);

    expect(about(`run:${runId}`, {})).toMatchObject({ runId, agentId: null, requestId: null });
    expect(about('run:run_x', { runId, agentId: 'agt_x' })).toMatchObject({ runId, agentId: null });
    expect(about(runId, {})).toMatchObject({ runId });
  });

  it('replaces what cannot be stored, and writes times in one form', () => {
    const odd = { ...event, outcome: 'a\u0000', principalid: '\ud800b', correlationid: 'c\u001fd', time: '2026-11-22T12:00:00Z' };

    expect(factOf(odd, 'data_modified', sha256)).toMatchObject({
      outcome: 'a\ufffd',
      principalId: '\ufffdb',
      correlationId: 'c\ufffdd',
      time: '2026-11-22T12:00:00.000Z',
    });
  });
});

describe('detailsOf', () => {
  it('removes credentials, by name and by form', () => {
    const keys = [
      's101_4kJ2mQx8Zr1_0123456789abcdefghijklmnopqrstuvwxyz',
      's101platform_MUI70yRIpvHfDeGlzZcEriMcsGMHYd651Bzcb4vy-bQ',
      'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/x==',
    ];
    const data = {
      name: `my ${keys.join(', ')}.`,
      nested: [{ Authorization: 'Bearer x', secret: { deep: 1 }, token: 'x' }],
      keyId: 'key_01jd5m6wz5f9r8x2k3c4v7b6n1',
    };

    expect(JSON.parse(detailsOf(data, sha256))).toEqual({
      name: 'my [removed], [removed], [removed].',
      nested: [{ Authorization: '[removed]', secret: '[removed]', token: '[removed]' }],
      keyId: data.keyId,
    });
  });

  it('cuts long data down to their short fields, with size and hash of the whole', () => {
    const data = { runId: 'run_1', text: 'ü'.repeat(longestDetails), list: [1, 2] };

    const details = JSON.parse(detailsOf(data, sha256)) as unknown;

    const whole = JSON.stringify(data);
    expect(details).toEqual({
      runId: 'run_1',
      list: [1, 2],
      omitted: { bytes: Buffer.byteLength(whole), sha256: sha256(whole) },
    });
  });

  it('is never longer than it may be, and always what a list can show', () => {
    const value = fc.jsonValue({ maxDepth: 6 });

    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { maxKeys: 60 }), fc.nat(3), (data, size) => {
        const details = detailsOf({ ...data, long: 'x'.repeat(size * 20_000) }, sha256);

        expect(details.length).toBeLessThanOrEqual(longestDetails);
        expect(FreeObject.safeParse(JSON.parse(details)).success).toBe(true);
      }),
    );
  });

  it('survives depth that nobody reads', () => {
    let deep: unknown = 'x';
    for (let depth = 0; depth < 500; depth += 1) deep = { deep };

    expect(FreeObject.safeParse(JSON.parse(detailsOf({ deep }, sha256))).success).toBe(true);
  });
});

describe('pages', () => {
  it('begin after the entry that the one before ended with', () => {
    expect(placeOf(encodeCursor([3]))).toBe(3);
  });

  it.each(['', 'x', btoa('[]'), btoa('[0]'), btoa('[-1]'), btoa('["2"]'), btoa('[1e99]'), btoa('[1,2]')])(
    'do not begin at %j',
    (cursor) => {
      expect(() => placeOf(cursor)).toThrow('cursor_invalid');
    },
  );

  it('begin anywhere without a cursor', () => {
    expect([placeOf(undefined), exportPlaceOf(undefined)]).toEqual([undefined, undefined]);
  });

  it('of an export say where it ends, too', () => {
    expect(exportPlaceOf(encodeCursor([3, 9]))).toEqual({ after: 3, upTo: 9 });
  });

  it.each(['', 'x', btoa('[1]'), btoa('[0,1]'), btoa('[1,0]'), btoa('["1",2]'), btoa('[1,1.5]'), btoa('[1,2,3]')])(
    'of an export do not begin at %j',
    (cursor) => {
      expect(() => exportPlaceOf(cursor)).toThrow('cursor_invalid');
    },
  );
});
