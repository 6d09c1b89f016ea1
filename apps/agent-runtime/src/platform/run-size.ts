import { maxMessageBytes } from '@support101/messaging';

/** Bytes of JSON that a run may have in each: both travel in every message that shows the run, with all else that it says. */
export const mostBytes = { input: maxMessageBytes * 0.5, output: maxMessageBytes * 0.4 } as const;
