// Planted: rules-are-pure
import { hostname } from 'node:os';
import type { open } from '@support101/database';

export const weigh = (opened: typeof open) => [hostname, opened];
