import { DomainError } from '@support101/contracts';

/** What assignment looks at in a reviewer. */
export interface Candidate {
  readonly skills: readonly string[];
  readonly available: boolean;
  readonly capacity: number;
  readonly openAssignments: number;
  readonly lastAssignedAt: Date | null;
}

/**
 * Who gets a request that needs these skills: available, with room left and all the skills; of those the one with the
 * fewest open assignments, and among equals the one who was given something longest ago. Undefined when there is nobody.
 */
export function choose<C extends Candidate>(candidates: readonly C[], skills: readonly string[]): C | undefined {
  const able = candidates.filter((candidate) => hasRoom(candidate) && hasSkills(candidate, skills));
  return able.reduce<C | undefined>(
    (best, candidate) => (best === undefined || before(candidate, best) ? candidate : best),
    undefined,
  );
}

/** Refuses a reviewer who, counting what has just been given, has more than there is room for. */
export function checkMayHold({ available, openAssignments, capacity }: Candidate): void {
  if (!available) throw new DomainError('reviewer_unavailable', 'The reviewer is not available.');
  if (openAssignments > capacity) {
    throw new DomainError('reviewer_unavailable', `The reviewer already has ${capacity} open requests.`);
  }
}

/** Skills without those that differ in case only. */
export function distinct(skills: readonly string[]): string[] {
  const seen = new Set<string>();
  return skills.filter((skill) => {
    const key = skill.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function hasRoom({ available, openAssignments, capacity }: Candidate): boolean {
  return available && openAssignments < capacity;
}

function hasSkills({ skills }: Candidate, wanted: readonly string[]): boolean {
  const has = new Set(skills.map((skill) => skill.toLowerCase()));
  return wanted.every((skill) => has.has(skill.toLowerCase()));
}

function before(one: Candidate, other: Candidate): boolean {
  if (one.openAssignments !== other.openAssignments) return one.openAssignments < other.openAssignments;
  return (one.lastAssignedAt?.getTime() ?? 0) < (other.lastAssignedAt?.getTime() ?? 0);
}
