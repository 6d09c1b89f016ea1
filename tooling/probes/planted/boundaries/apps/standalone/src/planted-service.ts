// Planted: standalone-composes-by-module
import { letter } from '../../post/src/letters/letters.service.js';

export const planted = letter;
