import { weigh } from './parcels.rules.js';

export const parcelsOf = weigh;
