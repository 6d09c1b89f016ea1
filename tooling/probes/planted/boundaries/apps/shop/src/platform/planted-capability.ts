// Planted: platform-knows-no-capability
import { parcelsOf } from '../parcels/parcels.service.js';

export const planted = parcelsOf;
