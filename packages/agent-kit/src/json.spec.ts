import { describe, expect, it } from '@jest/globals';
import { toPlainJson, toPlainObject } from './json.js';

describe('toPlainJson', () => {
  it('copies JSON and drops what is undefined', () => {
    expect(toPlainJson({ a: 1, b: undefined, c: [null, 'x', { d: true }] })).toEqual({ a: 1, c: [null, 'x', { d: true }] });
  });

  it.each([
    ['a date', { at: new Date(0) }, '/at is not JSON: Date'],
    ['a function', { f: () => 1 }, '/f is not JSON: function'],
    ['NaN', { n: [1, Number.NaN] }, '/n/1 is not JSON'],
    ['undefined in a list', [undefined], '/0 is not JSON'],
    ['a map', { m: new Map() }, 'Map'],
    ['a NUL character', { t: 'a\u0000' }, '/t has a NUL'],
    ['half a surrogate pair', { t: '\ud800' }, '/t has a NUL'],
    ['a __proto__ key', JSON.parse('{"__proto__": {"a": 1}}'), '__proto__'],
  ])('refuses %s', (_name, value, message) => {
    expect(() => toPlainJson(value)).toThrow(message);
  });

  it('refuses what refers to itself', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;

    expect(() => toPlainJson(loop)).toThrow('refers to itself');
  });
});

describe('toPlainObject', () => {
  it.each([
    ['a list', []],
    ['null', null],
    ['text', 'x'],
  ])('refuses %s', (_name, value) => {
    expect(() => toPlainObject(value)).toThrow('must be a JSON object');
  });
});
