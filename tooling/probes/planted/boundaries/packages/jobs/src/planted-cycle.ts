// Planted: no-cycles
import type { Other } from './planted-cycle-other.js';

export interface One {
  readonly other: Other;
}
