// Planted: no-cycles
import type { One } from './planted-cycle.js';

export interface Other {
  readonly one: One;
}
