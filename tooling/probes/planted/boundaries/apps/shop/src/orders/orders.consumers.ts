// Planted: capabilities-meet-at-services
import { weigh } from '../parcels/parcels.rules.js';

export const weighed = weigh;
