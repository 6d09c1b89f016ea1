import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from './virtual-clock.js';

describe('VirtualClock', () => {
  it('stands still until it is moved', async () => {
    const clock = new VirtualClock('2026-03-01T00:00:00Z');

    await clock.advance(1_500);

    expect(clock.now().toISOString()).toBe('2026-03-01T00:00:01.500Z');
  });

  it('runs what falls due in order of time, then of scheduling, each at its own time', async () => {
    const clock = new VirtualClock();
    const start = clock.now().getTime();
    const ran: [string, number][] = [];
    const note = (name: string) => () => ran.push([name, clock.now().getTime() - start]);
    clock.schedule(30, note('late'));
    clock.schedule(10, note('early'));
    clock.schedule(10, note('early too'));
    clock.schedule(50, note('not yet'));

    await clock.advance(40);

    expect(ran).toEqual([
      ['early', 10],
      ['early too', 10],
      ['late', 30],
    ]);
    expect(clock.pending).toBe(1);
  });

  it('runs timers that timers schedule, also behind awaits', async () => {
    const clock = new VirtualClock();
    let rounds = 0;
    const loop = async () => {
      for (;;) {
        await clock.sleep(10);
        rounds += 1;
      }
    };
    void loop();

    await clock.advance(35);

    expect(rounds).toBe(3);
  });

  it('does not run what was cancelled', async () => {
    const clock = new VirtualClock();
    let ran = false;
    const cancel = clock.schedule(10, () => (ran = true));

    cancel();
    await clock.advance(20);

    expect(ran).toBe(false);
  });

  it('runs nothing when it is only put to another time', async () => {
    const clock = new VirtualClock('2026-03-01T00:00:00Z');
    let ran = false;
    clock.schedule(10, () => (ran = true));

    clock.set('2026-04-01T00:00:00Z');

    expect(ran).toBe(false);
    expect(clock.now().toISOString()).toBe('2026-04-01T00:00:00.000Z');
  });
});
