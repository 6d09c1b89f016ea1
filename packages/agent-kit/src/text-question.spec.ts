import { describe, expect, it } from '@jest/globals';
import { asksFor } from './text-question.js';

describe('asksFor', () => {
  it.each([
    ['How do I reset my password?', 'steps'],
    ['Where can I find my invoices?', 'steps'],
    ['What should I do?', 'steps'],
    ['My vase arrived smashed, what now?', 'steps'],
    ['I was not home when the parcel came', 'steps'],
    ['cancel order', 'steps'],
    ['Can I cancel my order after it was packed?', 'permission'],
    ['Is it possible to pause?', 'permission'],
    ['How long does it take?', 'number'],
    ['how much is it', 'number'],
    ['When will it arrive?', 'number'],
    ['What is the price of Plus?', 'number'],
    ['Do you deliver to Norway?', 'fact'],
    ['What is covered by the warranty?', 'fact'],
    ['I bought a pot. It broke. How do I get a new one?', 'steps'],
    ['How are you? I waited a week. When does it come?', 'number'],
    ['', 'steps'],
  ])('%j wants %s', (question, expected) => {
    expect(asksFor(question)).toBe(expected);
  });
});
