import { describe, expect, it } from '@jest/globals';
import { parseOrThrow, type TenantId } from '@support101/contracts';
import { recordAudit } from '@support101/contracts/governance';
import { newId } from '@support101/service-kit';
import { auditEntryOf, csvRow, fileName, formOf, textOf, type Entry, type ExportNote } from './exports.rules.js';

describe('csvRow', () => {
  it.each<[string, unknown, string]>([
    ['text as it is', 'a b', 'a b'],
    ['a comma in quotes', 'a,b', '"a,b"'],
    ['quotes doubled', 'say "a"', '"say ""a"""'],
    ['line breaks in quotes', 'a\r\nb\nc\rd', '"a\r\nb\nc\rd"'],
    ['a line feed alone in quotes', 'a\nb', '"a\nb"'],
    ['nothing for null', null, ''],
    ['nothing for what is missing', undefined, ''],
    ['numbers', 12, '12'],
    ['a number below zero, which is no formula', -12.5, '-12.5'],
    ['truth values', false, 'false'],
    ['an object as JSON', { a: ['x', 1], '=b': null }, '"{""a"":[""x"",1],""=b"":null}"'],
    ['a formula as text', '=1+1', "'=1+1"],
    ['a formula that breaks out as text', '=cmd|"/c calc"!A1,2', `"'=cmd|""/c calc""!A1,2"`],
    ['plus as text', '+1', "'+1"],
    ['minus as text', '-1', "'-1"],
    ['at as text', '@SUM(A1)', "'@SUM(A1)"],
    ['tab as text', '\t=1', "'\t=1"],
    ['carriage return as text', '\r=1', `"'\r=1"`],
    ['line feed as text', '\n=1', `"'\n=1"`],
    ['wide signs as text', '＝1', "'＝1"],
    ['a sign that is not the first', 'a=1', 'a=1'],
  ])('writes %s', (_, value, cell) => {
    expect(csvRow([value])).toBe(`${cell}\r\n`);
  });

  it('separates cells with commas', () => {
    expect(csvRow(['a', null, 'b'])).toBe('a,,b\r\n');
  });
});

describe('a form', () => {
  const entries: Entry[] = [
    { id: 1, who: { name: '=x' }, notes: { a: 1 } },
    { id: 2, who: { name: 'y\n' }, notes: {} },
    { id: 3, who: null, notes: null },
  ];
  const columns = ['id', 'who.name', 'notes'];
  /** The file of these pages. */
  const file = (format: 'csv' | 'json' | 'ndjson', pages: readonly Entry[][]) => {
    const form = formOf(format, columns);
    let given = 0;
    const texts = pages.map((page) => {
      const text = textOf(form, page, given === 0);
      given += page.length;
      return text;
    });
    return [form.head, ...texts, form.tail].join('');
  };
  const divisions: { name: string; pages: Entry[][] }[] = [
    { name: 'one page', pages: [entries] },
    { name: 'a page each', pages: entries.map((entry) => [entry]) },
    { name: 'empty pages between', pages: [[], entries.slice(0, 2), [], entries.slice(2), []] },
  ];

  it.each(divisions)('of JSON is one array: $name', ({ pages }) => {
    expect(JSON.parse(file('json', pages))).toEqual(entries);
  });

  it.each(divisions)('of NDJSON is one object per line: $name', ({ pages }) => {
    const lines = file('ndjson', pages).split('\n');

    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(entries);
  });

  it.each(divisions)('of CSV is a header and one row per entry: $name', ({ pages }) => {
    expect(file('csv', pages)).toBe('id,who.name,notes\r\n1,\'=x,"{""a"":1}"\r\n2,"y\n",{}\r\n3,,\r\n');
  });

  it('is valid without entries', () => {
    expect(JSON.parse(file('json', [[]]))).toEqual([]);
    expect(file('ndjson', [[]])).toBe('');
    expect(file('csv', [[]])).toBe('id,who.name,notes\r\n');
  });

  it.each([
    ['csv', 'text/csv; charset=utf-8'],
    ['json', 'application/json'],
    ['ndjson', 'application/x-ndjson'],
  ] as const)('%s says what it is', (format, contentType) => {
    expect(formOf(format, columns).contentType).toBe(contentType);
  });
});

describe('fileName', () => {
  it('says of what, of whom and of when it is', () => {
    const at = new Date('2026-11-22T09:30:01.234Z');

    expect(fileName('audit', { tenantId: 'ten_1', at, format: 'csv' })).toBe('audit-ten_1-20261122T093001Z.csv');
  });
});

describe('auditEntryOf', () => {
  const tenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' as TenantId;
  const note: ExportNote = {
    principal: { type: 'key', id: 'key_1' },
    operation: 'governance.audit.export.v1',
    correlationId: 'cor_1',
    format: 'csv',
    filters: { eventType: 'agent_created' },
  };
  const when = { eventId: newId('evt'), time: '2026-11-22T10:00:00.000Z' };
  const common = {
    ...when,
    eventType: 'data_accessed',
    resource: 'operation:governance.audit.export.v1',
    principal: { type: 'key', id: 'key_1' },
    correlationId: 'cor_1',
  };
  const details = { format: 'csv', filters: { eventType: 'agent_created' } };

  it('says who begins to export what', () => {
    const entry = auditEntryOf(note, when);

    expect(entry).toEqual({ ...common, action: 'gateway.exports.started', outcome: 'success', details });
    expect(parseOrThrow(recordAudit.input, { tenantId, entries: [entry] }).entries).toEqual([entry]);
  });

  it('says how it ended, and how much was given out', () => {
    expect(auditEntryOf(note, when, { outcome: 'abandoned', entries: 7 })).toEqual({
      ...{ ...common, action: 'gateway.exports.ended', outcome: 'abandoned' },
      details: { ...details, entries: 7 },
    });
  });
});
