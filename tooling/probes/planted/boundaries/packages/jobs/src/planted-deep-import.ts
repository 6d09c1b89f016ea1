// Planted: packages-meet-at-their-entry
import { open } from '../../database/src/open.js';

export const opened = open;
