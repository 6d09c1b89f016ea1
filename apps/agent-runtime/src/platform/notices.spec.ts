import { describe, expect, it } from '@jest/globals';
import { Notices, type Topic } from './notices.js';

describe('Notices', () => {
  it('wakes everybody who waits for the topic, and nobody else', async () => {
    const notices = new Notices();
    const woken: string[] = [];
    const waiting = ['a', 'a', 'b'].map((topic) => notices.next(topic, 60).then(() => woken.push(topic)));

    notices.tell('a');
    await Promise.all(waiting.slice(0, 2));

    expect(woken).toEqual(['a', 'a']);
    await waiting[2];
    expect(woken).toEqual(['a', 'a', 'b']);
  });

  it('says what was told, if anything was', async () => {
    const notices = new Notices();
    const topic: Topic<{ steps: number }> = 'a';
    const waiting = [notices.next(topic, 60_000), notices.next(topic, 60_000)];

    notices.tell(topic, { steps: 5 });
    const later = notices.next(topic, 60_000);
    notices.tell(topic);

    expect(await Promise.all(waiting)).toEqual([{ steps: 5 }, { steps: 5 }]);
    expect(await later).toBeUndefined();
  });

  it('stops waiting when the signal fires, also when it already has', async () => {
    const notices = new Notices();
    const abort = new AbortController();
    const waiting = notices.next('a', 60_000, abort.signal);

    abort.abort();

    await expect(waiting).resolves.toBeUndefined();
    await expect(notices.next('a', 60_000, abort.signal)).resolves.toBeUndefined();
  });

  it('calls a listener until it is taken away', () => {
    const notices = new Notices();
    let heard = 0;
    const stop = notices.listen('a', () => (heard += 1));

    notices.tell('a');
    notices.tell('a');
    stop();
    notices.tell('a');

    expect(heard).toBe(2);
  });
});
