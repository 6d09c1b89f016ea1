// Planted: contracts-know-only-zod
import { readFileSync } from 'node:fs';

export const read = readFileSync;
