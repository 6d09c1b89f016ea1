import { DomainError } from '@support101/contracts';
import { defaultEscalationRules, type EscalationRule } from '@support101/contracts/hitl';

/** The rules that are tried, in their order: the enabled ones of the policy, or the default ones without a policy. */
export function rulesOf(policy: { readonly rules: readonly EscalationRule[] } | undefined): EscalationRule[] {
  return (policy?.rules ?? defaultEscalationRules).filter(({ enabled }) => enabled);
}

/** Refuses two rules of one name: a request says by its name which rule made it. */
export function checkRules(rules: readonly EscalationRule[]): void {
  const index = rules.findIndex(({ name }, at) => rules.findIndex((other) => other.name === name) < at);
  if (index === -1) return;
  const issue = { path: `/rules/${index}/name`, message: `there is already a rule called ${rules[index]?.name}` };
  throw new DomainError('validation_failed', `${issue.path}: ${issue.message}`, { issues: [issue] });
}
