import type { Customer } from './customer.ts';

/** The steps of the loop at which something may fail, in order. */
const loopSteps = [
  'article created',
  'execute under way',
  'awaiting human',
  'decided',
  'resumed',
  'completed',
  'golden path',
] as const;

type LoopStep = (typeof loopSteps)[number];

/** Lets something fail while `work` is under way; resolves when both are over. */
export type During = (step: LoopStep, work: () => Promise<unknown>) => Promise<void>;

const question = 'Do you deliver to Reykjavik, and how long does it take?';
const otherWords = 'how many days until a delivery arrives in Reykjavik?';
const answer = 'Yes, we deliver to Reykjavik. A parcel takes seven to nine working days and costs 14 euros.';

/** The whole loop once, for a new customer, with an opportunity to fail at each of its steps. */
export async function goThroughLoop(customer: Customer, during: During): Promise<void> {
  const known = { runId: '', requestId: '' };
  await during('article created', () =>
    customer.createArticle('Reset your password', 'Choose Forgot password, and open the link that we send you.'),
  );
  await during('execute under way', async () => {
    known.runId = await customer.ask(question);
  });
  await during('awaiting human', async () => {
    known.requestId = await customer.requestOf(known.runId);
    await customer.claim(known.requestId);
  });
  await during('decided', () => customer.answer(known.runId, known.requestId, answer));
  await during('resumed', () => customer.until(known.runId, 'completed'));
  await during('completed', () => customer.pathOf(known.runId));
  await during('golden path', () => customer.askAgain(otherWords, known.runId));
}
