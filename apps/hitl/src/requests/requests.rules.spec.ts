import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  advance,
  checkMayDecide,
  claimMs,
  type Command,
  type Fact,
  isOpen,
  type Life,
  nextDue,
  slaState,
} from './requests.rules.js';

const t0 = new Date('2026-01-05T09:00:00Z');
const after = (minutes: number) => new Date(t0.getTime() + minutes * 60_000);
const ann = { principalId: 'key_ann', mayOverride: false };
const chief = { principalId: 'key_chief', mayOverride: true };

const open: Life = {
  ...{ options: ['approve', 'edit', 'reject', 'respond'], hasAction: false, expiresAt: null },
  ...{ slaWarnAt: after(45), slaDeadline: after(60), slaWarnedAt: null, slaBreachedAt: null },
  ...{ status: 'pending', assignedTo: null, claimedBy: null, claimExpiresAt: null },
  ...{ decision: null, reason: null, edits: null, response: null, decidedBy: null, closedAt: null, version: 3 },
};
const but = (over: Partial<Life>): Life => ({ ...open, ...over });
const claimed: Life = but({ status: 'assigned', assignedTo: 'rev_ann', claimedBy: 'key_ann', claimExpiresAt: after(15) });
const assigned: Life = but({ status: 'assigned', assignedTo: 'rev_ann' });
const closed = (['completed', 'expired', 'cancelled'] as const).map((status) => but({ status, closedAt: t0 }));

const claim = (principalId: string): Command => ({ kind: 'claim', principalId, assignee: `rev_of_${principalId}` });
const assign = (reviewerId: string, by = ann): Command => ({ kind: 'assign', reviewerId, how: 'assigned', by });
const decide = (answer: object = {}, principalId = 'key_ann'): Command => ({
  kind: 'decide',
  principalId,
  answer: { decision: 'approve', ...answer },
});
const tick: Command = { kind: 'tick' };
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('claiming', () => {
  it('makes the principal the holder for a quarter of an hour', () => {
    const step = advance(open, claim('key_ann'), after(1));

    expect(step.after).toMatchObject({ status: 'assigned', assignedTo: 'rev_of_key_ann', claimedBy: 'key_ann' });
    expect(step.after.claimExpiresAt).toEqual(new Date(after(1).getTime() + claimMs));
    expect(step.facts).toEqual([{ kind: 'assigned', assignedTo: 'rev_of_key_ann', how: 'claimed' }]);
  });

  it('again renews the claim, which is nothing new to anybody', () => {
    const step = advance(claimed, claim('key_ann'), after(10));

    expect(step.after.claimExpiresAt).toEqual(after(25));
    expect(step.facts).toEqual([]);
  });

  it('is refused while somebody else’s claim lives, and works when it has run out, timer or not', () => {
    expect(() => advance(claimed, claim('key_bob'), after(14))).toThrow(code('request_claimed'));

    const step = advance(claimed, claim('key_bob'), after(15));

    expect(step.facts.map(({ kind }) => kind)).toEqual(['released', 'assigned']);
    expect(step.after.claimedBy).toBe('key_bob');
  });

  it('takes what was assigned to somebody who has not claimed it', () => {
    expect(advance(assigned, claim('key_bob'), after(1)).after.assignedTo).toBe('rev_of_key_bob');
  });
});

describe('assigning', () => {
  it('gives it to a reviewer without keeping others out', () => {
    const step = advance(open, assign('rev_bob'), after(1));

    expect(step.after).toMatchObject({ status: 'assigned', assignedTo: 'rev_bob', claimedBy: null, claimExpiresAt: null });
    expect(step.facts).toEqual([{ kind: 'assigned', assignedTo: 'rev_bob', how: 'assigned' }]);
  });

  it('to who has it already changes nothing', () => {
    expect(advance(assigned, assign('rev_ann'), after(1)).after).toBe(assigned);
  });

  it('takes it from a living claim only for who may override', () => {
    const bob = { principalId: 'key_bob', mayOverride: false };

    expect(() => advance(claimed, assign('rev_bob', bob), after(1))).toThrow(code('request_claimed'));
    expect(advance(claimed, assign('rev_bob', chief), after(1)).after).toMatchObject({ assignedTo: 'rev_bob', claimedBy: null });
  });
});

describe('putting back', () => {
  it('leaves nobody holding it', () => {
    const step = advance(claimed, { kind: 'unassign', by: ann }, after(1));

    expect(step.after).toMatchObject({ status: 'pending', assignedTo: null, claimedBy: null, claimExpiresAt: null });
    expect(step.facts).toEqual([{ kind: 'released', how: 'unassigned' }]);
  });

  it('what nobody holds changes nothing', () => {
    expect(advance(open, { kind: 'unassign', by: ann }, after(1)).after).toBe(open);
  });

  it('somebody else’s claim is refused unless one may override', () => {
    const bob = { principalId: 'key_bob', mayOverride: false };

    expect(() => advance(claimed, { kind: 'unassign', by: bob }, after(1))).toThrow(code('request_claimed'));
    expect(advance(claimed, { kind: 'unassign', by: chief }, after(1)).after.status).toBe('pending');
  });
});

describe('deciding', () => {
  it('closes it with what was answered, and keeps who had it', () => {
    const step = advance(claimed, decide({ reason: 'fits' }), after(5));

    expect(step.after).toMatchObject({ status: 'completed', decision: 'approve', reason: 'fits', decidedBy: 'key_ann' });
    expect(step.after).toMatchObject({ closedAt: after(5), assignedTo: 'rev_ann', claimedBy: null, claimExpiresAt: null });
    expect(step.facts).toEqual([{ kind: 'decided' }]);
  });

  it('needs no claim, also when it is assigned to another', () => {
    expect(advance(open, decide(), after(1)).after.status).toBe('completed');
    expect(advance(assigned, decide({}, 'key_bob'), after(1)).after.status).toBe('completed');
  });

  it.each([
    ['somebody else’s claim lives', claimed, decide({}, 'key_bob'), 'request_claimed'],
    ['it was decided', but({ status: 'completed' }), decide(), 'request_already_decided'],
    ['it has expired', but({ status: 'expired' }), decide(), 'request_closed'],
    ['its expiry has passed, timer or not', but({ expiresAt: after(1) }), decide(), 'request_closed'],
    ['it was cancelled', but({ status: 'cancelled' }), decide(), 'request_closed'],
    ['another version was seen', open, decide({ expectedVersion: 2 }), 'version_mismatch'],
    ['the decision is not offered', open, decide({ decision: 'shrug' }), 'decision_not_offered'],
    ['edits are missing', open, decide({ decision: 'edit' }), 'edits_invalid'],
  ])('is refused when %s', (_when, life, command, expected) => {
    expect(() => advance(life, command, after(1))).toThrow(code(expected));
  });

  it('of a closed request says so, whatever else is wrong', () => {
    const [completed] = closed;

    expect(() => advance(completed as Life, decide({ decision: 'shrug', expectedVersion: 9 }), after(1))).toThrow(
      code('request_already_decided'),
    );
  });

  it('too late is a breach too, timer or not', () => {
    expect(advance(open, decide(), after(60)).facts.map(({ kind }) => kind)).toEqual(['breached', 'decided']);
  });

  it('is nothing for agents and services', () => {
    expect(() => checkMayDecide('agent')).toThrow(code('forbidden'));
    expect(() => checkMayDecide('service')).toThrow(code('forbidden'));
    for (const type of ['key', 'user', 'platform']) checkMayDecide(type);
  });
});

describe('cancelling', () => {
  it('closes it with the reason, whoever holds it', () => {
    const step = advance(claimed, { kind: 'cancel', reason: 'moot' }, after(1));

    expect(step.after).toMatchObject({ status: 'cancelled', reason: 'moot', closedAt: after(1) });
    expect(step.facts).toEqual([{ kind: 'cancelled', reason: 'moot' }]);
  });
});

describe('a closed request', () => {
  it.each(closed)('that is $status takes no command and feels no time', (life) => {
    const commands = [claim('key_ann'), assign('rev_x'), { kind: 'unassign', by: ann }, { kind: 'cancel', reason: 'x' }] as const;

    for (const command of commands) expect(() => advance(life, command, after(1))).toThrow(code('request_closed'));
    expect(advance(life, tick, after(10_000)).after).toBe(life);
    expect(nextDue(life)).toBeNull();
  });
});

describe('time', () => {
  it('before anything is due changes nothing', () => {
    expect(advance(claimed, tick, after(14)).after).toBe(claimed);
  });

  it('warns, then breaches, each once', () => {
    const warned = advance(open, tick, after(45));
    const quiet = advance(warned.after, tick, after(59));
    const breached = advance(warned.after, tick, after(60));

    expect(warned.facts).toEqual([{ kind: 'warned' }]);
    expect(quiet.after).toBe(warned.after);
    expect(breached.facts).toEqual([{ kind: 'breached' }]);
    expect(advance(breached.after, tick, after(600)).after).toBe(breached.after);
  });

  it('does not warn of a deadline that has passed', () => {
    expect(advance(open, tick, after(61)).facts).toEqual([{ kind: 'breached' }]);
  });

  it('puts back a claim that has run out', () => {
    const step = advance(claimed, tick, after(15));

    expect(step.facts).toEqual([{ kind: 'released', how: 'lease_expired' }]);
    expect(step.after).toMatchObject({ status: 'pending', assignedTo: null, claimedBy: null });
  });

  it('expires it, and what would have come later does not come', () => {
    const step = advance(but({ expiresAt: after(50) }), tick, after(600));

    expect(step.facts.map(({ kind }) => kind)).toEqual(['warned', 'expired']);
    expect(step.after).toMatchObject({ status: 'expired', slaBreachedAt: null, closedAt: after(600) });
  });
});

describe('nextDue', () => {
  it.each([
    ['the warning', open, after(45)],
    ['the deadline once warned', but({ slaWarnedAt: after(45) }), after(60)],
    ['a claim that ends sooner', claimed, after(15)],
    ['an expiry that is sooner', but({ expiresAt: after(2) }), after(2)],
    ['nothing once breached', but({ slaBreachedAt: after(60) }), null],
  ])('is %s', (_what, life, expected) => {
    expect(nextDue(life)).toEqual(expected);
  });
});

describe('slaState', () => {
  it.each([
    [open, 44, 'on_track'],
    [open, 45, 'at_risk'],
    [open, 60, 'breached'],
    [but({ slaBreachedAt: after(60) }), 61, 'breached'],
    [but({ status: 'completed' }), 999, 'met'],
    [but({ status: 'cancelled' }), 999, 'met'],
    [but({ status: 'completed', slaBreachedAt: after(60) }), 999, 'missed'],
    [but({ status: 'expired' }), 1, 'missed'],
  ])('is told from the row and the time', (life, minute, expected) => {
    expect(slaState(life, after(minute))).toBe(expected);
  });
});

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.constantFrom('key_ann', 'key_bob').map(claim),
  fc.tuple(fc.constantFrom('rev_ann', 'rev_bob'), fc.constantFrom(ann, chief)).map(([reviewer, by]) => assign(reviewer, by)),
  fc.constantFrom(ann, chief).map((by): Command => ({ kind: 'unassign', by })),
  fc.constantFrom('approve', 'shrug').map((decision) => decide({ decision })),
  fc.constant<Command>({ kind: 'cancel', reason: 'moot' }),
  fc.constant(tick),
  fc.constant(tick),
);
const anyLife = fc
  .option(fc.integer({ min: 1, max: 120 }), { nil: undefined })
  .map((minutes): Life => but({ expiresAt: minutes === undefined ? null : after(minutes) }));
const anyStory = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), anyCommand), { maxLength: 25 });

/** Lives through a story of commands, each some minutes after the one before; refused commands change nothing. */
function live(life: Life, story: readonly (readonly [number, Command])[]) {
  let now = 0;
  let current = life;
  const facts: { fact: Fact; minute: number }[] = [];
  const states: { life: Life; minute: number }[] = [];
  for (const [minutes, command] of story) {
    now += minutes;
    const step = attempt(current, command, after(now));
    current = step?.after ?? current;
    for (const fact of step?.facts ?? []) facts.push({ fact, minute: now });
    states.push({ life: current, minute: now });
  }
  return { facts, states, end: current };
}

function attempt(life: Life, command: Command, at: Date) {
  try {
    return advance(life, command, at);
  } catch {
    return undefined;
  }
}

describe('a request, whatever happens to it,', () => {
  const kinds = (facts: readonly { fact: Fact }[], ...wanted: Fact['kind'][]) =>
    facts.filter(({ fact }) => wanted.includes(fact.kind)).length;

  it('ends once, is warned of once and breached once, never early', () => {
    fc.assert(
      fc.property(anyLife, anyStory, (life, story) => {
        const { facts, end } = live(life, story);

        expect(kinds(facts, 'decided', 'expired', 'cancelled')).toBe(isOpen(end.status) ? 0 : 1);
        expect(kinds(facts, 'warned')).toBeLessThanOrEqual(1);
        expect(kinds(facts, 'breached')).toBe(end.slaBreachedAt === null ? 0 : 1);
        for (const { fact, minute } of facts) {
          if (fact.kind === 'breached') expect(minute).toBeGreaterThanOrEqual(60);
          if (fact.kind === 'warned') expect(minute).toBeGreaterThanOrEqual(45);
          if (fact.kind === 'expired') expect(after(minute) >= (life.expiresAt ?? after(9e9))).toBe(true);
        }
      }),
    );
  });

  it('has nothing after its end', () => {
    fc.assert(
      fc.property(anyLife, anyStory, (life, story) => {
        const { facts, states } = live(life, story);

        const end = facts.findIndex(({ fact }) => ['decided', 'expired', 'cancelled'].includes(fact.kind));
        expect(facts.slice(end === -1 ? facts.length : end + 1)).toEqual([]);
        const firstClosed = states.find(({ life: state }) => !isOpen(state.status))?.life;
        if (firstClosed !== undefined) expect(states.at(-1)?.life).toBe(firstClosed);
      }),
    );
  });

  it('is assigned exactly while somebody has it, and claimed only while it is assigned', () => {
    fc.assert(
      fc.property(anyLife, anyStory, (life, story) => {
        for (const { life: state } of live(life, story).states) {
          if (isOpen(state.status)) expect(state.assignedTo !== null).toBe(state.status === 'assigned');
          expect(state.claimedBy === null).toBe(state.claimExpiresAt === null);
          if (state.claimedBy !== null) expect(state.status).toBe('assigned');
        }
      }),
    );
  });

  it('has nothing due left undone when time is looked at', () => {
    fc.assert(
      fc.property(anyLife, anyStory, (life, story) => {
        const { end, states } = live(life, story);
        const now = after(states.at(-1)?.minute ?? 0);

        const due = nextDue(advance(end, tick, now).after);

        expect(due === null || due > now).toBe(true);
      }),
    );
  });

  it('fares the same with timers that come late, or not at all, but for the warning', () => {
    const told = (story: Parameters<typeof live>[1], life: Life) =>
      live(life, [...story, [0, tick]]).facts.flatMap(({ fact }) => (fact.kind === 'warned' ? [] : [fact]));
    fc.assert(
      fc.property(anyLife, anyStory, (life, story) => {
        const punctual = story.flatMap(([minutes, command]): [number, Command][] => [
          ...Array.from({ length: minutes }, (): [number, Command] => [1, tick]),
          [0, command],
        ]);
        const late = story.map(([minutes, command]): [number, Command] => [minutes, command]);

        expect(told(late, life)).toEqual(told(punctual, life));
      }),
    );
  });
});
