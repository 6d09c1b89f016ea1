import { describe, expect, it } from '@jest/globals';
import { categoryOf, sentimentOf, topicOf } from './customer-signals.rules.js';

describe('the topic of a query', () => {
  it.each([
    ['My lawyer will write to you about this invoice.', 'legal'],
    ['If this goes on I will take legal action', 'legal'],
    ['I think my account was hacked last night', 'security'],
    ['Our account has been compromised!', 'security'],
    ['Under the GDPR I ask for all my data', 'privacy'],
    ['I want to complain about your courier', 'complaint'],
    ['Where do I file a complaint?', 'complaint'],
  ])('%s: %s', (query, topic) => {
    expect(topicOf(query)).toBe(topic);
  });

  it.each([
    'How do I reset my password?',
    'Is my data encrypted?',
    'How do I turn on two-factor authentication?',
    'What is your privacy policy?',
    'Can I issue a refund?',
    'Where can I change my security question?',
    'Is the court tennis racket in stock?',
  ])('%s: none', (query) => {
    expect(topicOf(query)).toBeUndefined();
  });
});

describe('the sentiment of a query', () => {
  it.each([
    'This is unacceptable!',
    'I’m furious. Where is my parcel?',
    'I am so angry',
    'worst support ever',
    'I am fed up with waiting',
  ])('%s: angry', (query) => {
    expect(sentimentOf(query)).toBe('angry');
  });

  it.each(['How do I reset my password?', 'My parcel is late', 'It does not work', 'Is it possible to cancel?'])(
    '%s: none',
    (query) => {
      expect(sentimentOf(query)).toBeUndefined();
    },
  );
});

describe('the category of a query', () => {
  it.each([
    ['How do I reset my password?', 'account'],
    ['I cannot sign in', 'account'],
    ['Why was my card charged twice this month?', 'billing'],
    ['Where can I download my invoices?', 'billing'],
    ['Do you deliver to Reykjavik, and how long does it take?', 'shipping'],
    ['Where is my parcel?', 'shipping'],
    ['Can I send them back and get a refund?', 'returns'],
    ['I want to change my order before checkout', 'orders'],
    ['The app crashes when I open it', 'technical'],
    ['Which wine goes with grilled octopus?', 'general'],
    ['', 'general'],
  ])('%s: %s', (query, category) => {
    expect(categoryOf(query)).toBe(category);
  });

  it('is told by the titles of the sources where the question does not tell', () => {
    expect(categoryOf('I got charged for it', 'How refunds work', 'Return an order')).toBe('returns');
  });
});
