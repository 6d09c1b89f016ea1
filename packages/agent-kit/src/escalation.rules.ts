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
  const isEmpty = [min, max, among, notIn].every((part) => part === undefined);
  if (isEmpty || !isWithin(value, min, max)) return false;
  return (among === undefined || isOneOf(value, among)) && (notIn === undefined || !isOneOf(value, notIn));
}

/** Bounds are inclusive; what is no number lies within none. */
function isWithin(value: unknown, min: number | undefined, max: number | undefined): boolean {
  if (min === undefined && max === undefined) return true;
  return typeof value === 'number' && value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
}

function isOneOf(value: unknown, list: readonly unknown[]): boolean {
  return list.includes(value);
}
