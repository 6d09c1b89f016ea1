import { describe, expect, it } from '@jest/globals';
import { readsFromClient, withOwnNames } from './statement-names.js';
import { fatal, leavesSessionFree, MessageReader, simpleQuery, welcome } from './wire-messages.js';

function startup(code: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32BE(8, 0);
  bytes.writeInt32BE(code, 4);
  return bytes;
}

function message(type: string, ...body: (string | number[])[]): Buffer {
  const content = Buffer.concat(body.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : Buffer.from(part))));
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

const parse = (name: string) => message('P', name, 'select 1', [0, 0]);
const bind = (name: string) => message('B', '', name, [0, 0, 0, 0, 0, 0]);
const sync = message('S');

describe('the opening of a connection', () => {
  it.each([
    [196_608, 'session'],
    [80_877_103, 'encryption'],
    [80_877_104, 'encryption'],
    [80_877_102, 'cancel'],
    [131_072, 'unknown'],
  ])('with code %i asks for %s', (code, wanted) => {
    const reader = new MessageReader();
    reader.add(startup(code));

    expect(reader.startup()).toBe(wanted);
  });

  it('is waited for when only a part has arrived', () => {
    const reader = new MessageReader();
    reader.add(startup(196_608).subarray(0, 5));

    expect(reader.startup()).toBe('incomplete');
    reader.add(startup(196_608).subarray(5));
    expect(reader.startup()).toBe('session');
  });

  it('of something else, like HTTP, is told apart', () => {
    const reader = new MessageReader();
    reader.add(Buffer.from('GET / HTTP/1.1\r\n\r\n'));

    expect(reader.startup()).toBe('unknown');
  });
});

describe('a unit', () => {
  it('ends where the backend has to answer, however the bytes arrive', () => {
    const bytes = Buffer.concat([parse(''), bind(''), sync, simpleQuery('commit')]);
    const reader = new MessageReader();
    const units: unknown[] = [];

    for (const byte of bytes) {
      reader.add(Buffer.from([byte]));
      const unit = reader.unit();
      if (unit !== 'incomplete') units.push(unit);
    }

    expect(units).toEqual([Buffer.concat([parse(''), bind(''), sync]), simpleQuery('commit')]);
  });

  it('is followed by the next one of the same packet', () => {
    const reader = new MessageReader();
    reader.add(Buffer.concat([simpleQuery('begin'), simpleQuery('commit'), message('X')]));

    expect([reader.unit(), reader.unit(), reader.unit()]).toEqual([simpleQuery('begin'), simpleQuery('commit'), 'goodbye']);
  });

  it('of impossible length is refused', () => {
    const reader = new MessageReader();
    reader.add(Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff]));

    expect(() => reader.unit()).toThrow(RangeError);
  });
});

describe('names of prepared statements', () => {
  it('get the prefix of their connection, in every message that has one', () => {
    const prepared = new Set<string>();
    const unit = Buffer.concat([parse('find'), bind('find'), message('D', [0x53], 'find'), message('C', [0x53], 'find'), sync]);

    const renamed = withOwnNames(unit, 'c7_', prepared);

    const wanted = [parse('c7_find'), bind('c7_find'), message('D', [0x53], 'c7_find'), message('C', [0x53], 'c7_find'), sync];
    expect(renamed).toEqual(Buffer.concat(wanted));
    expect([...prepared]).toEqual(['c7_find']);
  });

  it('stay as they are where there is none: unnamed statements, portals, simple queries', () => {
    const unit = Buffer.concat([parse(''), bind(''), message('D', [0x50], 'portal'), message('E', '', [0, 0, 0, 0]), sync]);
    const simple = simpleQuery("select 'P'");
    const cutShort = Buffer.concat([message('B'), message('E', 'x')]);

    expect(withOwnNames(unit, 'c7_', new Set())).toBe(unit);
    expect(withOwnNames(cutShort, 'c7_', new Set())).toBe(cutShort);
    expect(withOwnNames(simple, 'c7_', new Set())).toBe(simple);
  });
});

describe('a statement that reads from the client', () => {
  it.each(['copy things from stdin', 'begin; COPY "a" (b) FROM STDIN with csv', '\n copy x\nfrom   stdin'])(
    'is seen in %p',
    (text) => {
      expect(readsFromClient(simpleQuery(text))).toBe(true);
      expect(readsFromClient(Buffer.concat([message('P', 'name', text, [0, 0]), sync]))).toBe(true);
    },
  );

  it.each(['copy things to stdout', "select 'please copy this from stdin'", 'select from_stdin from copy'])(
    'is not seen in %p',
    (text) => {
      expect(readsFromClient(simpleQuery(text))).toBe(false);
    },
  );
});

describe('an answer', () => {
  it.each([
    ['I', true],
    ['T', false],
    ['E', false],
  ])('that ends ready with status %s leaves the session free: %p', (status, free) => {
    const answer = Buffer.concat([message('C', 'COMMIT'), Buffer.from([0x5a, 0, 0, 0, 5]), Buffer.from(status)]);

    expect(leavesSessionFree(answer)).toBe(free);
  });

  it('without an end leaves the session taken', () => {
    expect(leavesSessionFree(Buffer.alloc(0))).toBe(false);
    expect(leavesSessionFree(message('1'))).toBe(false);
  });

  it('to a new connection says that it may begin', () => {
    const answer = welcome({ server_version: '18.0' }, 3);

    expect(leavesSessionFree(answer)).toBe(true);
    expect(answer.includes('server_version\0' + '18.0\0')).toBe(true);
  });

  it('that dismisses carries code and reason', () => {
    expect(fatal('57P01', 'closing').toString()).toContain('C57P01\0Mclosing\0');
  });
});
