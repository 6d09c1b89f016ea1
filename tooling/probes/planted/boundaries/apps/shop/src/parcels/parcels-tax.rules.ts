// Planted: rules-take-types-from-packages-only
import type { ParcelsRepository } from './parcels.repository.js';

export type Weighed = ParcelsRepository;
