import type { EscalationCondition, EscalationRule } from '@support101/contracts/hitl';

/** What a step noticed, by name. A signal that is missing fulfils no condition. */
export type Signals = Readonly<Record<string, unknown>>;

/** The first enabled rule whose conditions all hold; undefined when there is none. Never throws, whatever the signals are. */
export function firstMatch(rules: readonly EscalationRule[], signals: Signals): EscalationRule | undefined {
  return rules.find((rule) => rule.enabled && matches(rule, signals));
}

function matches({ conditions }: EscalationRule, signals: Signals): boolean {
  const entries = Object.entries(conditions);
  // A rule without conditions would match everything: nobody can have meant that.
  return entries.length > 0 && entries.every(([name, condition]) => holds(condition, valueOf(signals, name)));
}

function valueOf(signals: Signals, name: string): unknown {
  return Object.hasOwn(signals, name) ? signals[name] : undefined;
}

function holds(condition: EscalationCondition, value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (typeof condition !== 'object') return value === condition;
  const { min, max, in: among, notIn } = condition;
  if (min === undefined && max === undefined && among === undefined && notIn === undefined) return false;
  return (
    (min === undefined || (typeof value === 'number' && value >= min)) &&
    (max === undefined || (typeof value === 'number' && value <= max)) &&
    (among === undefined || (among as readonly unknown[]).includes(value)) &&
    (notIn === undefined || !(notIn as readonly unknown[]).includes(value))
  );
}
