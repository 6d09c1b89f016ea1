import { ofService, type Registry } from '@support101/contracts';
import type { Binding } from './answers.js';

/** Throws unless the bindings answer every command of the service's contracts, each once, and nothing else. */
export function assertAnswered(registry: Registry, service: string, bindings: readonly Binding[]): void {
  const declared = new Set(ofService(registry, service).rpcs.map((contract) => contract.subject));
  const answered = bindings.flatMap((binding) => (binding.kind === 'answers' ? [binding.contract.subject] : []));
  const problems = [
    ...[...declared].filter((subject) => !answered.includes(subject)).map((subject) => `${subject} is not answered`),
    ...[...new Set(answered)]
      .filter((subject) => !declared.has(subject))
      .map((subject) => `${subject} is no contract of ${service}`),
    ...answered.filter((subject, index) => answered.indexOf(subject) !== index).map((subject) => `${subject} is answered twice`),
  ];
  if (problems.length > 0) throw new Error(`${service}: ${problems.join('; ')}`);
}
