// Planted: imports-resolve
import { nothing } from './no-such-file.js';

export const planted: unknown = nothing;
